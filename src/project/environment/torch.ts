/** What the CPU builds of PyTorch are chosen by: uv then reads the project's own index for them, some 200 MB instead of several GB. */
const CPU = { UV_TORCH_BACKEND: "cpu" } as const;

const FAMILY = new Set(["torch", "torchvision", "torchaudio"]);

/** The settings under which requirements are resolved: CPU builds, unless the person has chosen (`--cuda`, or uv's own variable). */
export function torchSettings(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly (string | null)[],
  cuda: boolean,
): Record<string, string> {
  const wanted = names.some((name) => name !== null && FAMILY.has(name));
  return wanted && !cuda && env.UV_TORCH_BACKEND === undefined ? CPU : {};
}

/** The settings under which a lock can be installed: its CPU builds lie on that index alone. */
export function torchSettingsOf(lock: string): Record<string, string> {
  return /^torch(vision|audio)?==[\w.]+\+cpu\b/m.test(lock) ? CPU : {};
}

/** The index of CPU builds cannot be reached from here. */
export const isTorchIndexDown = (output: string): boolean => /download\.pytorch\.org/.test(output);

export const TORCH_INDEX_DOWN =
  "the CPU builds of PyTorch cannot be reached; those for graphics cards are used, which take several GB";
