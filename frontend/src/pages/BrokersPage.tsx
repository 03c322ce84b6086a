import { ConnectionCards } from "@/features/brokers/ConnectionCards";

export default function BrokersPage() {
  return <ConnectionCards />;
}
