"""What people write to each queue. Addresses use reserved example domains only."""

from __future__ import annotations

PRODUCTS = [
    "desk lamp", "backpack", "coffee grinder", "rain jacket", "headphones", "yoga mat", "kettle", "office chair",
    "phone case", "bike light", "tent", "running shoes", "keyboard", "water bottle", "air fryer", "blanket",
]  # fmt: skip
GREETINGS = ["Hi,", "Hello,", "Dear team,", "Good morning,", "Hey there,", "To whom it may concern,", "Hello support,"]
SIGN_OFFS = [
    "Thanks.",
    "Thank you!",
    "Kind regards",
    "Best regards,",
    "Please help.",
    "Cheers",
    "Looking forward to your answer.",
]
SHARED = [
    "My order number is {order}.",
    "I have been a customer for years.",
    "This is the second time I write about this.",
    "Nobody has answered me for {days} days.",
    "Please get back to me as soon as possible.",
    "I bought the {product} from you.",
    "I already tried the help pages.",
    "Can someone call me?",
]
NOISE = [
    "See https://shop.example.com/orders/{number}",
    "Screenshot: http://img.example.org/{number}.png",
    "Write me at user{number}@example.com",
    "Sent from my phone",
    "(ref {number}-{number})",
]
QUEUES: dict[str, dict] = {
    "billing": {
        "share": 0.22,
        "subjects": [
            "Charged twice",
            "Question about my invoice",
            "Wrong amount",
            "Payment problem",
            "Invoice {order}",
            "VAT",
        ],
        "sentences": [
            "I was charged {amount} twice for the same order.",
            "The invoice shows {amount} but I agreed to pay less.",
            "My credit card was debited although the payment page showed an error.",
            "Please send me a corrected invoice with our VAT number.",
            "The discount code was not applied to the total.",
            "There is a charge of {amount} on my bank statement that I do not recognise.",
            "I was billed for the annual subscription after I had cancelled it.",
            "Can I pay by bank transfer instead of card?",
            "The receipt for {order} is missing the tax.",
        ],
    },
    "shipping": {
        "share": 0.25,
        "subjects": [
            "Where is my parcel?",
            "Delivery {order}",
            "Late delivery",
            "Wrong address",
            "Tracking",
            "Order {order}",
        ],
        "sentences": [
            "My parcel should have arrived {days} days ago.",
            "The tracking has not moved since last week.",
            "The courier says the package was delivered but nothing is here.",
            "Can I still change the delivery address of {order}?",
            "How long does shipping to an island take?",
            "The box was left in the rain and is completely wet.",
            "Only one of two packages arrived.",
            "The driver did not ring and took the parcel back to the depot.",
            "I need the {product} before the weekend, is express delivery possible?",
        ],
    },
    "returns": {
        "share": 0.18,
        "subjects": ["Return", "Refund for {order}", "Broken {product}", "Wrong item", "Exchange", "Order {order}"],
        "sentences": [
            "The {product} arrived broken and I want to send it back.",
            "I received the wrong size and would like to exchange it.",
            "How do I get a return label?",
            "I sent the {product} back {days} days ago and have no refund yet.",
            "You sent me a {product} that I did not order.",
            "The colour is nothing like the picture, I want my money back.",
            "Is the {product} covered by the warranty after {days} months?",
            "The refund of {amount} is less than what I paid.",
        ],
    },
    "technical": {
        "share": 0.20,
        "subjects": [
            "App crashes",
            "Error on the website",
            "Bug",
            "Cannot check out",
            "App version {version}",
            "Not working",
        ],
        "sentences": [
            "The app crashes every time I open the basket.",
            "Since the update to {version} the screen stays white.",
            "The website shows error {number} when I try to check out.",
            "Pictures do not load on my tablet.",
            "Push notifications do not work any more.",
            "The search finds nothing, whatever I type.",
            "I cannot upload a photo, the page freezes.",
            "The payment page keeps loading and nothing happens.",
            "The button to confirm the order does not react.",
        ],
    },
    "account": {
        "share": 0.15,
        "subjects": ["Cannot log in", "Password", "Delete my account", "Change of email", "Locked out", "Account"],
        "sentences": [
            "I cannot log in, it says my password is wrong.",
            "The reset mail never arrives, also not in spam.",
            "Please delete my account and all personal data.",
            "I want to change the email address of my account.",
            "My account was locked after too many attempts.",
            "The code for the second factor is not accepted.",
            "Somebody else seems to use my account.",
            "How do I unsubscribe from the newsletter?",
            "I have two accounts and want to merge them.",
        ],
    },
}
