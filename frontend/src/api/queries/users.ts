import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";

export type User = Schemas["UserAnswer"];
export type Role = User["role"];

export const ROLES: readonly Role[] = ["viewer", "trader", "admin"];
export const USERS = ["users"] as const;

export function useUsers() {
  const { api } = useServices();
  return useQuery({
    queryKey: USERS,
    queryFn: async (): Promise<readonly User[]> => (await answerOf(api.GET("/users"))).users,
  });
}

/** Add a person. No mutation of the query library: it would keep the password in its cache. */
export function addUser(api: Api, body: Schemas["AddUserRequest"]): Promise<User> {
  return answerOf(api.POST("/users", { body }));
}

/** What changes of a person; every change ends all sessions of that person. */
export type UserChange = Partial<Schemas["ChangeUserRequest"]>;

export function patchUser(api: Api, user: string, change: UserChange): Promise<User> {
  return answerOf(
    api.PATCH("/users/{user}", { params: { path: { user } }, body: { reset_totp: false, ...change } }),
  );
}

/** Let somebody in again, or keep somebody out. */
export function useDisableUser() {
  return useUserChange((api, { user, disabled }: Pick<User, "user" | "disabled">) =>
    patchUser(api, user, { disabled }),
  );
}

export function useRemoveUser() {
  return useUserChange((api, user: string) =>
    answerOf(api.DELETE("/users/{user}", { params: { path: { user } } })),
  );
}

function useUserChange<Asked>(act: (api: Api, asked: Asked) => Promise<unknown>) {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (asked: Asked) => act(api, asked),
    onSettled: () => queries.invalidateQueries({ queryKey: USERS }),
  });
}
