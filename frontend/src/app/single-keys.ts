import { useUi } from "./ui-state";

/** Where letters belong to what has the focus. */
const TAKES_LETTERS =
  "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=true], [role=menu], [role=listbox]";

/** An open dialog owns the keys, wherever the focus went: a button that goes inactive loses it to the page. */
const OPEN_DIALOG = "[role=dialog][data-state=open]";

/** Whether letters go to a field or to an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  const isInField = event.target instanceof Element && event.target.closest(TAKES_LETTERS) !== null;
  return isInField || document.querySelector(OPEN_DIALOG) !== null;
}

/** Whether a stroke is a single key that a screen may take: nobody else did, and the user has them switched on. */
export function isFreeSingleKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return false;
  return useUi.getState().hasHotkeys && !isTyping(event);
}
