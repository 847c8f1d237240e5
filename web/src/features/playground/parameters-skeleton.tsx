import { Skeleton } from "@mantine/core";

/** The place of the parameters while they are on their way. */
export function ParametersSkeleton() {
  return <Skeleton role="status" height={120} aria-label="Loading the parameters" />;
}
