import type { Schemas } from "@/api/client";
import { SelectField } from "./SelectField";

type StrategyClass = Schemas["StrategyClassAnswer"];

type Props = {
  readonly classes: Schemas["StrategyClassList"];
  readonly chosen: StrategyClass | null;
  readonly error?: string | undefined;
  readonly onChoose: (chosen: StrategyClass) => void;
};

/** Chooses a strategy class and says what it does; files that cannot be used stand beneath with their error. */
export function ClassField({ classes, chosen, error, onChoose }: Props) {
  const shipped = classes.classes.filter(({ file }) => file === null);
  const own = classes.classes.filter(({ file }) => file !== null);
  return (
    <div className="flex flex-col gap-1">
      <SelectField
        label="Strategy"
        value={chosen?.name ?? ""}
        error={error}
        hint={chosen?.summary}
        onChange={(name) => {
          const found = classes.classes.find((each) => each.name === name);
          if (found !== undefined) onChoose(found);
        }}
      >
        <option value="" disabled>
          Choose a strategy
        </option>
        <optgroup label="Shipped">
          {shipped.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </optgroup>
        {own.length > 0 && (
          <optgroup label="Your files">
            {own.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </optgroup>
        )}
      </SelectField>
      {classes.bad_files.map(({ file, error: reason }) => (
        <details key={file} className="rounded-sm border border-line px-2 py-1 text-sm">
          <summary className="cursor-pointer text-danger">
            {"\u26a0"} {file} cannot be used: {lastLine(reason)}
          </summary>
          <pre className="m-0 mt-1 max-h-48 overflow-auto text-xs whitespace-pre-wrap">{reason}</pre>
        </details>
      ))}
    </div>
  );
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? text;
}
