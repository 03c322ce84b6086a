import { FIELD_LOOK, Field } from "@/ui/Field";
import { BROKERS, type Broker, ENVIRONMENT_WORDS } from "./broker-terms";
import { environmentRefusal, type WizardDraft, withBroker } from "./wizard-request";

type Props = {
  readonly draft: WizardDraft;
  readonly isLiveAllowed: boolean;
  readonly errors: Readonly<Record<string, string>>;
  /** The connection that is made again keeps its name and broker. */
  readonly isAgain: boolean;
  readonly onChange: (draft: WizardDraft) => void;
};

/** Which broker, which of its environments, and who fills the orders. */
export function WizardChoices({ draft, isLiveAllowed, errors, isAgain, onChange }: Props) {
  const terms = BROKERS[draft.broker];
  const look = `border-line ${FIELD_LOOK}`;
  return (
    <div className="flex flex-col gap-3">
      <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
        <Field label="Broker" error={errors.broker}>
          {({ id, describedBy }) => (
            <select
              id={id}
              aria-describedby={describedBy}
              disabled={isAgain}
              value={draft.broker}
              onChange={(event) => onChange(withBroker(draft, event.target.value as Broker))}
              className={look}
            >
              {Object.entries(BROKERS).map(([key, { word }]) => (
                <option key={key} value={key}>
                  {word}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Name" hint="Empty: given by the server. a-z, 0-9 and -" error={errors.connection_id}>
          {({ id, describedBy }) => (
            <input
              id={id}
              aria-describedby={describedBy}
              disabled={isAgain}
              maxLength={32}
              autoComplete="off"
              spellCheck={false}
              value={draft.connectionId}
              onChange={(event) => onChange({ ...draft, connectionId: event.target.value })}
              className={look}
            />
          )}
        </Field>
      </div>
      {terms.hasLocal && (
        <Radios
          legend="Who fills the orders"
          error={errors.execution}
          value={draft.execution}
          onChoose={(execution) => onChange({ ...draft, execution })}
          options={[
            { value: "broker", word: "The broker", meaning: "orders go to the account", refusal: null },
            {
              value: "local",
              word: "This program",
              meaning: "real prices, simulated fills, nothing is sent",
              refusal: null,
            },
          ]}
        />
      )}
      <Radios
        legend="Environment"
        error={errors.environment}
        value={draft.environment}
        onChoose={(environment) => onChange({ ...draft, environment })}
        options={terms.environments.map((value) => ({
          value,
          ...ENVIRONMENT_WORDS[value],
          refusal: environmentRefusal(value, draft.execution, isLiveAllowed),
        }))}
      />
    </div>
  );
}

type RadiosProps<Value extends string> = {
  readonly legend: string;
  readonly value: Value;
  readonly error: string | undefined;
  readonly options: readonly {
    readonly value: Value;
    readonly word: string;
    readonly meaning: string;
    readonly refusal: string | null;
  }[];
  readonly onChoose: (value: Value) => void;
};

function Radios<Value extends string>({ legend, value, error, options, onChoose }: RadiosProps<Value>) {
  return (
    <fieldset className="m-0 min-w-0 border-0 p-0">
      <legend className="mb-1 p-0 text-xs text-muted">{legend}</legend>
      <div className="flex flex-col gap-1">
        {options.map((option) => (
          <label
            key={option.value}
            className={`flex min-h-8 items-start gap-2 rounded-sm border px-2.5 py-1.5 text-sm max-md:min-h-11 ${option.value === value ? "border-accent bg-raised" : "border-line"}`}
          >
            <input
              type="radio"
              name={legend}
              checked={option.value === value}
              disabled={option.refusal !== null}
              onChange={() => onChoose(option.value)}
              className="mt-0.5"
            />
            <span>
              <span className="font-medium">{option.word}</span>{" "}
              <span className="text-muted">{option.meaning}</span>
              {option.refusal !== null && <span className="block text-xs text-warn">{option.refusal}</span>}
            </span>
          </label>
        ))}
      </div>
      {error !== undefined && <p className="m-0 mt-1 text-xs text-danger">{error}</p>}
    </fieldset>
  );
}
