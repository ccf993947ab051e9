import { indentCode } from "./layout.js";

/** Lines of score.py that come from one piece of `features`; `piece` is null for the returned expression. */
export interface ScoreMapEntry {
  line: number;
  end_line: number;
  cell: number;
  piece: number | null;
}

/** A statement to be written, with the cell it comes from. */
export interface Block {
  cell: number;
  comments: string[];
  code: string;
  /** Index among the pieces of `features`; null for what belongs to none. */
  piece: number | null;
  mapped: boolean;
}

/** Collects the lines of the module and which piece they come from. */
export class Writer {
  readonly lines: string[] = [];
  readonly map: ScoreMapEntry[] = [];

  line(...lines: string[]): void {
    for (const line of lines) this.lines.push(...line.split("\n"));
  }

  /** Exactly `count` blank lines before what follows. */
  gap(count: number): void {
    while (this.lines.length > 0 && this.lines[this.lines.length - 1] === "") this.lines.pop();
    if (this.lines.length > 0) for (let i = 0; i < count; i++) this.lines.push("");
  }

  /** Statements under the number of their cell; neighbouring one-line cells share a heading. */
  blocks(blocks: readonly Block[], indent: string): void {
    for (const group of grouped(blocks)) {
      this.line(`${indent}# ${heading(group)}`);
      for (const block of group) this.block(block, indent);
    }
  }

  block(block: Block, indent: string): void {
    for (const comment of block.comments) this.line(indent + comment);
    if (block.code.trim() === "") return;
    const line = this.lines.length + 1;
    this.line(indentCode(block.code, indent));
    if (block.mapped) this.map.push({ line, end_line: this.lines.length, cell: block.cell, piece: block.piece });
  }

  text(): string {
    return `${this.lines.join("\n").replace(/\n+$/, "")}\n`;
  }
}

function grouped(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    if (block.code.trim() === "" && block.comments.length === 0) continue;
    const last = groups[groups.length - 1];
    const before = last?.[last.length - 1];
    const same = before?.cell === block.cell;
    const neighbours = before !== undefined && before.cell + 1 === block.cell && small(block) && last!.every(small);
    const alone = blocks.filter((other) => other.cell === block.cell).length === 1;
    if (last !== undefined && (same ? oneCell(last) : neighbours && alone && singles(last))) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

const small = (block: Block): boolean => block.comments.length === 0 && !block.code.includes("\n");
const oneCell = (group: readonly Block[]): boolean => group.every((block) => block.cell === group[0]!.cell);
const singles = (group: readonly Block[]): boolean => new Set(group.map((block) => block.cell)).size === group.length;

function heading(group: readonly Block[]): string {
  const [first, last] = [group[0]!.cell, group[group.length - 1]!.cell];
  return first === last ? `cell ${first}` : `cells ${first}-${last}`;
}
