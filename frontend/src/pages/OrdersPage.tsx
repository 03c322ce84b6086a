import { Orders } from "@/features/orders/Orders";

export default function OrdersPage() {
  return <Orders />;
}
