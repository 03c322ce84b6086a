type Props<Value extends string> = {
  readonly name: string;
  readonly options: readonly { readonly value: Value; readonly word: string; readonly hint?: string }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
};

/** One of a few values, all in sight. */
export function Choice<Value extends string>({ name, options, value, onChoose }: Props<Value>) {
  return (
    <fieldset className="m-0 min-w-0 border-0 p-0">
      <legend className="mb-1 p-0 text-sm font-medium">{name}</legend>
      <div className="flex flex-wrap gap-2">
        {options.map((option) => (
          <label
            key={option.value}
            className={`flex min-h-8 cursor-pointer items-center gap-2 rounded-sm border px-2.5 text-sm max-md:min-h-11 ${option.value === value ? "border-accent bg-raised" : "border-line"}`}
          >
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
              className="accent-[var(--accent)]"
            />
            <span>
              {option.word}
              {option.hint !== undefined && <span className="text-muted"> {option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
