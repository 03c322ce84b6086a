import { Dialog as Radix } from "radix-ui";
import type { ReactNode, RefObject } from "react";

type Props = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description: ReactNode;
  readonly children: ReactNode;
  /** What gets the focus first: for anything that cannot be undone, the way out. */
  readonly firstFocus?: RefObject<HTMLElement | null>;
};

/** A modal dialog, above everything: panels that stack their own layers are isolated (see `app/app.css`). */
export function Dialog({ open, onOpenChange, title, description, children, firstFocus }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-scrim" />
        <Radix.Content
          className="fixed top-1/2 left-1/2 z-50 max-h-[90dvh] w-[min(32rem,94vw)] -translate-x-1/2 -translate-y-1/2 overflow-auto rounded-md border border-line bg-surface p-4 shadow-xl"
          onOpenAutoFocus={(event) => {
            if (firstFocus?.current) {
              event.preventDefault();
              firstFocus.current.focus();
            }
          }}
        >
          <Radix.Title className="m-0 text-base font-semibold">{title}</Radix.Title>
          <Radix.Description asChild>
            <div className="mt-1 mb-3 text-sm text-muted">{description}</div>
          </Radix.Description>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
