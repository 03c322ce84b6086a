import { OrderFields } from "./OrderFields";
import { SendPart } from "./SendPart";
import { NotOffered } from "./TicketParts";
import { type TicketProps, useOrderTicket } from "./useOrderTicket";

/** One order: what it is, and how it goes out. */
export function TicketForm(props: TicketProps) {
  const { market, connection, account, terms } = props;
  const ticket = useOrderTicket(props);
  return (
    <form className="flex flex-col gap-2 p-2.5" onSubmit={(event) => event.preventDefault()}>
      <OrderFields connection={connection} account={account} terms={terms} ticket={ticket} />
      <SendPart market={market} account={account} terms={terms} ticket={ticket} />
      <NotOffered offers={ticket.offers} />
    </form>
  );
}
