import { lazy, Suspense } from "react";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { Toaster } from "sonner";
import { useAppearance } from "./appearance";
import type { Config } from "./config";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";
import { ServicesProvider } from "./services";
import { useSession } from "./session";

const BrokersPage = lazy(() => import("@/pages/BrokersPage"));
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
        { path: "*", element: <p className="p-4">There is no such screen.</p> },
      ],
    },
  ],
  { basename: "/app" },
);

export function App({ config }: { readonly config: Config }) {
  const isSignedIn = useSession((session) => session.key !== null);
  useAppearance();
  if (!isSignedIn) return <SignIn config={config} />;
  return (
    <ServicesProvider config={config}>
      <RouterProvider router={router} />
      <Toaster position="bottom-right" />
    </ServicesProvider>
  );
}
