import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { NavLink, useLocation } from "react-router";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { PLACES, type Place } from "./places";

/** The way between screens: a rail at the side, or five places and More under a thumb. */
export function PlaceBar() {
  return (
    <nav
      aria-label="Places"
      className="flex shrink-0 flex-col gap-0.5 overflow-auto lg:w-32 border-r border-line bg-surface p-1 max-md:grid max-md:grid-cols-6 max-md:overflow-visible max-md:border-t max-md:border-r-0 max-md:p-0"
    >
      {PLACES.map((place) => (
        <PlaceLink key={place.to} place={place} className={place.isThumb ? "" : "max-md:hidden"} />
      ))}
      <MorePlaces />
    </nav>
  );
}

const LOOK =
  "flex min-h-9 items-center gap-2 rounded-sm px-2 text-sm no-underline max-md:min-h-12 max-md:min-w-0 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:px-0 max-md:text-[0.6875rem]";

function lookOf(isActive: boolean): string {
  return isActive
    ? "bg-raised font-semibold text-ink shadow-[inset_2px_0_0_var(--accent)] max-md:shadow-[inset_0_2px_0_var(--accent)]"
    : "text-muted hover:text-ink";
}

function PlaceLink({ place, className }: { readonly place: Place; readonly className: string }) {
  const { to, name, icon: Icon } = place;
  return (
    <NavLink to={to} title={name} className={({ isActive }) => `${LOOK} ${lookOf(isActive)} ${className}`}>
      <Icon size={16} aria-hidden />
      <span className="truncate md:max-lg:sr-only">{name}</span>
    </NavLink>
  );
}

function MorePlaces() {
  const [isOpen, setOpen] = useState(false);
  const { pathname } = useLocation();
  const hidden = PLACES.filter((place) => !place.isThumb);
  const isHere = hidden.some((place) => pathname.startsWith(place.to));
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(true)}
        className={`cursor-pointer border-0 bg-transparent md:hidden ${LOOK} ${lookOf(isHere)}`}
      >
        <Ellipsis size={16} aria-hidden />
        More
      </button>
      <Dialog open={isOpen} onOpenChange={setOpen} title="More places" description="Everything else.">
        <ul className="m-0 grid list-none grid-cols-2 gap-2 p-0">
          {hidden.map(({ to, name, icon: Icon }) => (
            <li key={to}>
              <NavLink
                to={to}
                onClick={() => setOpen(false)}
                className="flex min-h-12 items-center gap-2 rounded-sm border border-line bg-raised px-3 text-ink no-underline"
              >
                <Icon size={18} aria-hidden />
                {name}
              </NavLink>
            </li>
          ))}
        </ul>
        <div className="mt-3 flex justify-end">
          <Button onClick={() => setOpen(false)}>Close</Button>
        </div>
      </Dialog>
    </>
  );
}
