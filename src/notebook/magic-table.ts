/** `code`: the rest is Python and stays; `ignore`: without effect on values, left out; `run`: executed at its place. */
export type Treatment = "code" | "ignore" | "run";

/** Magics that run the statement (or cell body) behind them in the notebook's own names. */
const AROUND_CODE = new Set(["time", "timeit", "capture", "prun", "memit", "mprun", "lprun"]);

/** Display, development and session comfort: no value depends on them. Installing is done beforehand, from what they ask for. */
const WITHOUT_EFFECT = new Set(
  (
    "matplotlib config autoreload aimport autosave precision pip conda mamba micromamba uv who who_ls whos history hist " +
    "reset reset_selective xdel debug pdb qtconsole connect_info tensorboard lsmagic magic quickref notebook logstart logstop logon " +
    "logoff logstate automagic xmode colors color alias unalias doctest_mode load_ext_silent watermark pinfo pinfo2 pdoc psource pfile " +
    "pdef page pprint recall rehashx save edit ed macro pastebin psearch gui html javascript js latex markdown svg " +
    "nbdev_export nb_black lprun_config config_inlinebackend"
  ).split(" "),
);

/** Extensions that only change how things look or how fast the author works. */
const COMFORT_EXTENSIONS =
  /^(autoreload|watermark|tensorboard|line_profiler|memory_profiler|snakeviz|nb_black|lab_black|jupyter_black|blackcellmagic|autotime|google\.colab\.data_table|ipytest|rich|dotenv_silent|jupyternotify|pycodestyle_magic|nb_mypy|ipython_unittest)$/;

const OPTIONS: Record<string, RegExp> = {
  time: /^(--no-raise-error\s+)?/,
  timeit: /^(?:-(?:[nrp]\s*\d+|[tcqov]+)\s+)*/,
  prun: /^(?:-(?:[lsTD]\s*\S+|[qrcv]+)\s+)*/,
  memit: /^(?:-(?:[rti]\s*\d+|[co]+)\s+)*/,
  mprun: /^(?:-(?:[fT]\s*\S+|[rc]+)\s+)*/,
  lprun: /^(?:-(?:[fmDTsu]\s*\S+|[rz]+)\s+)*/,
};

/** How `%name args` is treated. */
export function lineTreatment(name: string, args: string): Treatment {
  if (AROUND_CODE.has(name) && name !== "capture") return codeStart(name, args) < args.length ? "code" : "ignore";
  if (/^(re|un)?load_ext$/.test(name))
    return name !== "load_ext" || COMFORT_EXTENSIONS.test(args.trim()) ? "ignore" : "run";
  if (name === "system" || name === "sx") return shellTreatment(args);
  return WITHOUT_EFFECT.has(name) ? "ignore" : "run";
}

/** How `%%name` at the top of a cell is treated. */
export function cellTreatment(name: string): Treatment {
  if (AROUND_CODE.has(name)) return "code";
  return WITHOUT_EFFECT.has(name) ? "ignore" : "run";
}

/** Index in the arguments of a magic such as `%timeit -n 10 f(x)` where the Python begins. */
export function codeStart(name: string, args: string): number {
  return OPTIONS[name]?.exec(args)?.[0].length ?? 0;
}

const INSTALLER =
  /^(?:sudo\s+)?(?:(?:\S*python[\d.]*|\{?\s*sys\.executable\s*\}?|\{\s*sys\.executable\s*\})\s+-m\s+(?:pip|conda|uv)|pip[\d.]*|conda|mamba|micromamba|uv|poetry|pipenv|easy_install|apt|apt-get|aptitude|brew|yum|dnf|apk|jupyter\s+(?:nb|lab)extension)\b/;

/** How `!command` is treated: what installs software is not run (the environment is made beforehand), the rest is. */
export function shellTreatment(command: string): "ignore" | "run" {
  return INSTALLER.test(command.trim().replace(/^["']|["']$/g, "")) ? "ignore" : "run";
}

/** Words that IPython takes for magics without a `%` when what follows cannot be Python (`pip install x`, `cd data`). */
export const AUTOMAGIC =
  /^(?:pip3?|conda|mamba|cd|ls|ll|mkdir|rm|rmdir|mv|cp|cat|matplotlib|load_ext|autoreload|pylab|time|timeit|who|whos|run|env|config)[ \t]+(?![=.,([+\-*/%<>&|^!:;]|(?:in|is|and|or|not|if|for)\b)\S|^(?:pip3?|conda)[ \t]+-/;
