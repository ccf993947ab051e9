import type { Socket } from "node:net";

/** Pieces up to this many bytes are worth a copy to save a call of the system. */
const SMALL = 16_384;

/** Writes a piece with the text before and behind it. False: no more should be written until the socket has drained. */
export function writeTogether(
  socket: Socket,
  before: string,
  piece: Buffer,
  behind: string,
  written?: (error?: Error | null) => void,
): boolean {
  if (before === "" && behind === "") return socket.write(piece, written);
  // As text it goes out in one call; every byte is one character of Latin-1.
  if (piece.length <= SMALL) return socket.write(before + piece.toString("latin1") + behind, "latin1", written);
  socket.cork();
  socket.write(before, "latin1");
  socket.write(piece);
  const ready = socket.write(behind, "latin1", written);
  socket.uncork();
  return ready;
}
