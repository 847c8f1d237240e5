import type { Answer } from "./answer";
import { type Figures, figuresOf, inTime } from "./figures";
import classes from "./playground.module.css";

const NONE = "–";

/** What an answer took, each figure in a place of its own: in two columns they stand under each other. */
export function FigureRow({ answer }: { answer: Answer }) {
  return (
    <dl className={classes.figures}>
      {wordsOf(figuresOf(answer), answer.finishReason).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function wordsOf(figures: Figures, finishReason: string | null): [string, string][] {
  return [
    ["First token", figures.firstToken === null ? NONE : inTime(figures.firstToken)],
    ["Tokens/s", figures.speed === null ? NONE : figures.speed.toFixed(1)],
    ["Time", figures.time === null ? NONE : inTime(figures.time)],
    ["Finish", finishReason ?? NONE],
    ["Prompt", count(figures.prompt)],
    ["Completion", count(figures.completion)],
    ["Total", count(figures.total)],
  ];
}

function count(tokens: number | null): string {
  return tokens === null ? NONE : tokens.toLocaleString("en");
}
