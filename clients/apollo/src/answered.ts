/** The data of a result that would have been an error if it had none (errorPolicy none, as by default). */
export function answered<T>({ data }: { data?: T | null | undefined }): T {
  if (data === undefined || data === null) throw new Error('There is neither an answer nor an error.');
  return data;
}
