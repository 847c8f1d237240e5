import { RawText, type RawViewProps } from "./raw-text";
import { parseYaml, printYaml } from "./raw-yaml";

const NOTE =
  "Comments are not kept: haymow stores the data. A component copied from a pipeline can be pasted as it is.";

/** The definition as YAML; fetched, with its parser, when it is first opened. */
export default function YamlView(props: RawViewProps) {
  return <RawText {...props} language="yaml" parse={parseYaml} print={printYaml} note={NOTE} />;
}
