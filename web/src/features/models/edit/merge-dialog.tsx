import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Model } from "../../../api/client";
import { type Definition, definitionOf } from "../../../api/definition";
import type { Tagged } from "../../../api/model-changes";
import { Ago } from "../../../ui/ago";
import classes from "./changes.module.css";
import { type Choice, merge, type Place } from "./merge";
import { fieldOf, Value } from "./value";

interface Props {
  base: Definition;
  mine: Definition;
  newer: Tagged;
  onMerged: (merged: Definition) => void;
  onClose: () => void;
}

/** Somebody else saved meanwhile: their change beside one's own, to put together field by field. */
export function MergeDialog({ base, mine, newer, onMerged, onClose }: Props) {
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const { merged, places, open } = merge(base, mine, definitionOf(newer.data), choices);
  const who = whoOf(newer.data);
  const conflicts = places.filter(({ by }) => by === "conflict");
  const others = places.filter(({ by }) => by !== "conflict");
  return (
    <Modal opened onClose={onClose} title={`${who} changed this model while you were editing`} size="xl">
      <Stack gap="md">
        <Text size="sm">
          {who} saved <Ago at={newer.data.updated_at ?? ""} />. Nothing of yours is lost:{" "}
          {sentenceOf(conflicts.length)}
        </Text>
        <Stack gap="md" className={classes.scroll} tabIndex={0} role="region" aria-label="Both changes">
          {conflicts.map((place) => (
            <Conflict
              key={place.pointer}
              place={place}
              choice={choices[place.pointer]}
              onChoose={(choice) => setChoices((before) => ({ ...before, [place.pointer]: choice }))}
            />
          ))}
          {others.map((place) => (
            <Settled key={place.pointer} place={place} />
          ))}
        </Stack>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep editing mine
          </Button>
          <Button disabled={open.length > 0} onClick={() => onMerged(merged)}>
            {open.length > 0 ? `${open.length} left to decide` : "Use both changes"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface ConflictProps {
  place: Place;
  choice: Choice | undefined;
  onChoose: (choice: Choice) => void;
}

function Conflict({ place, choice, onChoose }: ConflictProps) {
  return (
    <Radio.Group
      label={`${fieldOf(place.pointer)}: both changed it`}
      value={choice ?? null}
      onChange={(value) => onChoose(value as Choice)}
    >
      <Value label="Before" value={place.base} />
      <div className={classes.pair}>
        <Radio
          value="theirs"
          label={<Value label="Theirs" value={place.theirs} />}
          classNames={{ labelWrapper: classes.grown }}
        />
        <Radio
          value="mine"
          label={<Value label="Yours" value={place.mine} />}
          classNames={{ labelWrapper: classes.grown }}
        />
      </div>
    </Radio.Group>
  );
}

const TAKEN = {
  mine: "yours is kept",
  theirs: "theirs is taken",
  both: "both made the same change",
  conflict: "",
};

function Settled({ place }: { place: Place }) {
  return (
    <div>
      <Text size="sm">
        <b>{fieldOf(place.pointer)}</b>: {TAKEN[place.by]}
      </Text>
      <div className={classes.pair}>
        <Value label="Before" value={place.base} />
        <Value
          label={place.by === "theirs" ? "Theirs" : "Yours"}
          value={place.by === "theirs" ? place.theirs : place.mine}
        />
      </div>
    </div>
  );
}

function whoOf({ last_updated_by: user }: Model): string {
  return user ? `${user.given_name} ${user.family_name}`.trim() : "Somebody";
}

function sentenceOf(conflicts: number): string {
  if (conflicts === 0) return "the two changes do not touch each other.";
  return conflicts === 1
    ? "one field was changed by both, decide whose it is."
    : `${conflicts} fields were changed by both, decide whose they are.`;
}
