import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";

export type ApiKey = Schemas["KeyAnswer"];
export type NewApiKey = Schemas["MadeKeyAnswer"];
export type NewApiKeyRequest = Schemas["AddKeyRequest"];

export const API_KEYS = ["api-keys"] as const;

export function useApiKeys() {
  const { api } = useServices();
  return useQuery({
    queryKey: API_KEYS,
    queryFn: async (): Promise<readonly ApiKey[]> => (await answerOf(api.GET("/api-keys"))).api_keys,
  });
}

/** Make a key. No mutation of the query library: it would keep the key in its cache. */
export function makeApiKey(api: Api, body: NewApiKeyRequest): Promise<NewApiKey> {
  return answerOf(api.POST("/api-keys", { body }));
}

export function useRevokeApiKey() {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (keyId: string) =>
      answerOf(api.DELETE("/api-keys/{key_id}", { params: { path: { key_id: keyId } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: API_KEYS }),
  });
}
