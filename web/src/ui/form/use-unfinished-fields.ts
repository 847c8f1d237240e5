import { useCallback, useState } from "react";

/** Whether any field of a form holds text that is no value, and how its fields tell. */
export function useUnfinishedFields() {
  const [fields, setFields] = useState<readonly string[]>([]);
  const onUnfinished = useCallback((field: string, isUnfinished: boolean) => {
    setFields((before) => {
      if (before.includes(field) === isUnfinished) return before;
      return isUnfinished ? [...before, field] : before.filter((one) => one !== field);
    });
  }, []);
  return { hasUnfinished: fields.length > 0, onUnfinished };
}
