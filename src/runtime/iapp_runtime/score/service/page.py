"""The page at `/`: try the service by hand. One file, no outside resource, no inline event handlers."""

from __future__ import annotations

import html
import json
from typing import Any

from .contract import Column, Contract

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.4rem;margin:0}p{color:#57606a}form{display:grid;grid-template-columns:1fr 1fr;gap:.7rem 1.5rem}
label{display:block;font-weight:600}label small{font-weight:400;color:#57606a}
input,select{width:100%;box-sizing:border-box;padding:.4rem;border:1px solid #8c959f;border-radius:4px;font:inherit}
button{grid-column:1/-1;padding:.6rem;border:0;border-radius:4px;background:#0b5cad;color:#fff;font:inherit;cursor:pointer}
output{display:block;margin:1rem 0;padding:1rem;background:#f6f8fa;border-radius:4px;white-space:pre-wrap;font-family:ui-monospace,monospace}
.bad{border-color:#cf222e}@media(max-width:40rem){form{grid-template-columns:1fr}}
"""  # noqa: E501

SCRIPT = """
const form=document.querySelector("form"),out=document.querySelector("output");
form.addEventListener("submit",async(event)=>{event.preventDefault();const row={};
for(const field of form.elements){if(!field.name)continue;field.classList.remove("bad");const kind=field.dataset.kind;
if(field.value===""){if(field.dataset.optional!=="1")row[field.name]=null;continue}
row[field.name]=kind==="number"?Number(field.value):kind==="boolean"?field.value==="true":field.value}
out.textContent="...";try{const answer=await fetch("predict"+(form.dataset.proba==="1"?"?explain=proba":""),{method:"POST",
headers:{"content-type":"application/json"},body:JSON.stringify({rows:[row]})});const body=await answer.json();
if(answer.ok){out.textContent="prediction: "+JSON.stringify(body.predictions[0])+
(body.probabilities?"\\nprobabilities: "+JSON.stringify(body.probabilities[0],null,1):"")+"\\nversion "+body.version+", id "+body.id}
else{for(const d of body.details||[])if(d.field&&form.elements[d.field])form.elements[d.field].classList.add("bad");
out.textContent=body.error.message+"\\n"+(body.details||[]).map(d=>(d.field||"row")+": "+d.reason+(d.message?" ("+d.message+")":"")).join("\\n")}}
catch(error){out.textContent=String(error)}});
"""  # noqa: E501


def page(contract: Contract, name: str, version: str, example: dict[str, Any], proba: bool) -> str:
    fields = "".join(_field(column, example.get(column.name)) for column in contract.columns if not column.target)
    title = html.escape(name)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{title} <small>{html.escape(version)}</small></h1>"
        "<p>Filled with a real row of the training data. Columns marked optional never change the answer. "
        '<a href="openapi.json">openapi.json</a> · <a href="metrics">metrics</a> · <a href="profile">profile</a></p>'
        f'<form data-proba="{int(proba)}">{fields}<button>Predict</button></form><output></output>'
        f"<script>{SCRIPT}</script></html>"
    )


def _field(column: Column, value: Any) -> str:
    shown = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    name, optional = html.escape(column.name, quote=True), int(not column.required)
    kind = column.type if column.type in ("boolean", "number") else "number" if column.type == "integer" else "text"
    if (
        column.type == "category"
        and column.categories
        and all(isinstance(one, (int, float)) for one in column.categories)
    ):
        kind = "number"
    common = f'name="{name}" data-kind="{kind}" data-optional="{optional}"'
    note = "optional" if optional else _hint(column)
    if column.type == "category" and column.categories and len(column.categories) <= 200:
        field = f"<select {common}>{_options(column, shown)}</select>"
    else:
        field = f'<input {common} value="{html.escape(str(shown), quote=True)}">'
    return f"<label>{html.escape(column.name)} <small>{html.escape(note)}</small>{field}</label>"


def _options(column: Column, shown: Any) -> str:
    options = ['<option value=""></option>'] if column.nullable or not column.required else []
    for one in column.categories or ():
        text = one if isinstance(one, str) else json.dumps(one)
        selected = " selected" if text == shown else ""
        options.append(
            f'<option value="{html.escape(str(text), quote=True)}"{selected}>{html.escape(str(text))}</option>'
        )
    return "".join(options)


def _hint(column: Column) -> str:
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum} to {column.maximum}"
    return column.type
