import { lazy, Suspense } from "react";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { Toaster } from "sonner";
import { SignIn } from "@/features/sign-in/SignIn";
import { useAppearance } from "./appearance";
import type { Config } from "./config";
import { Shell } from "./Shell";
import { ServicesProvider } from "./services";
import { useSession } from "./session";
import { useUi } from "./ui-state";

const BacktestPage = lazy(() => import("@/pages/BacktestPage"));
const BrokersPage = lazy(() => import("@/pages/BrokersPage"));
const JournalPage = lazy(() => import("@/pages/JournalPage"));
const OrdersPage = lazy(() => import("@/pages/OrdersPage"));
const PortfolioPage = lazy(() => import("@/pages/PortfolioPage"));
const RiskPage = lazy(() => import("@/pages/RiskPage"));
const SettingsPage = lazy(() => import("@/pages/SettingsPage"));
const StrategiesPage = lazy(() => import("@/pages/StrategiesPage"));
const TradePage = lazy(() => import("@/pages/TradePage"));

const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      children: [
        { path: "/", element: <Navigate to="/trade" replace /> },
        {
          path: "/trade",
          element: (
            <Suspense>
              <TradePage />
            </Suspense>
          ),
        },
        {
          path: "/brokers",
          element: (
            <Suspense>
              <BrokersPage />
            </Suspense>
          ),
        },
        {
          path: "/orders",
          element: (
            <Suspense>
              <OrdersPage />
            </Suspense>
          ),
        },
        {
          path: "/risk",
          element: (
            <Suspense>
              <RiskPage />
            </Suspense>
          ),
        },
        {
          path: "/journal",
          element: (
            <Suspense>
              <JournalPage />
            </Suspense>
          ),
        },
        {
          path: "/settings/:section?",
          element: (
            <Suspense>
              <SettingsPage />
            </Suspense>
          ),
        },
        {
          path: "/portfolio",
          element: (
            <Suspense>
              <PortfolioPage />
            </Suspense>
          ),
        },
        {
          path: "/strategies/:strategyId?",
          element: (
            <Suspense>
              <StrategiesPage />
            </Suspense>
          ),
        },
        {
          path: "/backtest/:runId?",
          element: (
            <Suspense>
              <BacktestPage />
            </Suspense>
          ),
        },
        { path: "*", element: <p className="p-4">There is no such screen.</p> },
      ],
    },
  ],
  { basename: "/app" },
);

export function App({ config }: { readonly config: Config }) {
  const isSignedIn = useSession((session) => session.proof !== null);
  const theme = useUi((ui) => ui.theme);
  useAppearance();
  if (!isSignedIn) return <SignIn config={config} />;
  return (
    <ServicesProvider config={config}>
      <RouterProvider router={router} />
      <Toaster position="bottom-right" theme={theme} />
    </ServicesProvider>
  );
}
