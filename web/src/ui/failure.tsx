import { Alert, Button, Code, Group, List, Text } from "@mantine/core";
import type { Problem } from "../api/problem";

interface Props {
  problem: Problem;
  /** Said above the server's own words, such as "The model was not saved". */
  title?: string;
  onRetry?: () => void;
}

/** What went wrong, in the server's words, with what an administrator needs to find it in the log. */
export function Failure({ problem, title, onRetry }: Props) {
  // A chat is refused with one fault, whose words are the problem's.
  const faults = problem.faults.filter((fault) => fault.message !== problem.message);
  return (
    <Alert color="red" variant="light" role="alert" title={title} p="sm">
      <Text size="sm">{problem.message}</Text>
      {problem.retryAfter !== null && (
        <Text size="sm">
          Try again in {problem.retryAfter} {problem.retryAfter === 1 ? "second" : "seconds"}.
        </Text>
      )}
      {faults.length > 0 && (
        <List size="sm" mt="xs">
          {faults.map((fault) => (
            <List.Item key={`${fault.pointer} ${fault.message}`}>
              <Code>{fault.pointer}</Code> {fault.message}
            </List.Item>
          ))}
        </List>
      )}
      <Group gap="sm" mt="xs">
        {problem.requestId && (
          <Text size="xs">
            Request <Code>{problem.requestId}</Code>
          </Text>
        )}
        {onRetry && (
          <Button size="compact-xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
