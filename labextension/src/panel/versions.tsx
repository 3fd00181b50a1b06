/**
 * The versions that a listing has loaded, laid out; or what stands in their place while there are
 * none. The panel and the page of a registry show the same, each in its own surroundings.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Chosen } from '../chosen';
import type { Listing } from '../listing';
import { layOut } from '../rows';
import type { Row } from '../types';
import { NoMatch, Skeleton } from './empty';
import { List, type ListHandle } from './list';

export interface LoadedVersionsProps {
  listing: Listing;
  chosen: Chosen;
  /** Whether rows say of which model they are. */
  named: boolean;
  /** What deltas are told against, null for the version before each. */
  baseline: Row | null;
  now: number;
  trans: TranslationBundle;
  onOpen(ref: string): void;
  /** Nothing matches, and that is to end. */
  onClear(): void;
  /** The list came into the page. */
  onShown?(): void;
}

export const LoadedVersions = React.forwardRef<ListHandle, LoadedVersionsProps>(
  function LoadedVersions(props, handle) {
    const { listing, chosen, trans } = props;
    const { rows, gap, count, more } = listing;
    const { unfolded } = chosen;
    // Ages are told by the minute; the layout depends on the day alone.
    const now = Math.floor(props.now / 60_000) * 60_000;
    const layout = React.useMemo(() => {
      const between =
        gap === null ? null : { at: gap, count: Math.max(1, (count ?? 0) - rows.length) };
      return layOut(rows, now, unfolded, more, trans, between);
    }, [rows, now, unfolded, more, gap, count, trans]);
    const signing = React.useMemo(() => rows.some(row => row.signed), [rows]);
    if (rows.length === 0) {
      return listing.loaded ? (
        <NoMatch note={listing.note} trans={trans} onClear={props.onClear} />
      ) : listing.error === null ? (
        <Skeleton trans={trans} />
      ) : null;
    }
    return (
      <List
        ref={handle}
        layout={layout}
        question={listing.question}
        active={chosen.active}
        marks={chosen.marks}
        named={props.named}
        signing={signing}
        places={more && gap === null ? (count ?? -1) : layout.places}
        loading={listing.loading}
        baseline={props.baseline}
        now={now}
        trans={trans}
        onActive={key => chosen.setActive(key)}
        onOpen={props.onOpen}
        onMark={ref => chosen.toggleMark(ref)}
        onFold={key => chosen.toggleFold(key)}
        onMore={() => void listing.next()}
        onPrevious={() => void listing.previous()}
        onEnd={() => void listing.oldest()}
        onSeen={seen => void listing.seen(seen)}
        onShown={() => props.onShown?.()}
      />
    );
  }
);
