type Option<Name extends string> = { readonly name: Name; readonly label: string; readonly look?: string };

type Props<Name extends string> = {
  readonly legend: string;
  readonly options: readonly Option<Name>[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
  readonly disabled?: boolean;
};

/** One of a few, all in sight: radio buttons that look like one bar. */
export function Choice<Name extends string>({ legend, options, chosen, onChoose, disabled }: Props<Name>) {
  return (
    <fieldset disabled={disabled} className="m-0 flex min-w-0 gap-1 border-0 p-0">
      <legend className="sr-only">{legend}</legend>
      {options.map(({ name, label, look = "" }) => (
        <label
          key={name}
          className={`flex min-h-8 flex-1 cursor-pointer items-center justify-center rounded-sm border px-2 text-center text-sm font-semibold has-focus-visible:outline-2 has-focus-visible:outline-accent max-md:min-h-11 ${
            name === chosen ? `border-current bg-raised ${look}` : "border-line text-muted"
          }`}
        >
          <input
            type="radio"
            name={legend}
            checked={name === chosen}
            onChange={() => onChoose(name)}
            className="sr-only"
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
