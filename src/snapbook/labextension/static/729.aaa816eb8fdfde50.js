"use strict";(self.rspackChunksnapbook=self.rspackChunksnapbook||[]).push([[729],{142(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/*
 * What all rooms of the sidebar share: the font, the focus ring, text that only screen readers get.
 * Colours are JupyterLab's variables, so that every theme holds.
 */
.jp-snapbook {
  box-sizing: border-box;
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.jp-snapbook *,
.jp-snapbook *::before,
.jp-snapbook *::after {
  box-sizing: border-box;
}

.jp-snapbook :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.jp-snapbook-sr {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}
`,""]),e.d(p,{},{A:i})},207(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* The card of a version under its cell. It inherits the output's font and width. */
.jp-snapbook-CardOutput {
  padding: 2px 0;
}

.jp-snapbook-Card {
  border-left: 2px solid var(--jp-border-color1);
  line-height: 1.6;
  padding: 0 8px;
}

.jp-snapbook-Card-line {
  align-items: baseline;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 10px;
}

.jp-snapbook-Card-reason {
  flex: 1 1 160px;
  min-width: 0;
}

.jp-snapbook-Card-metrics {
  display: flex;
  flex-wrap: wrap;
  gap: 0 14px;
}

.jp-snapbook-Card-text {
  background: none;
  color: inherit;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  margin: 0;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.jp-snapbook-Card-problem {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Card-acts {
  display: flex;
  flex-wrap: wrap;
  gap: 0 14px;
}
`,""]),e.d(p,{},{A:i})},990(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/*
 * Code in the colours of JupyterLab's editor. They are mixed with the text's own colour: over the
 * tints of a diff the editor's alone would be too faint.
 */
.jp-snapbook {
  --jp-snapbook-code-share: 75%;
}

.jp-snapbook-code-keyword {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-keyword-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
  font-weight: 600;
}

.jp-snapbook-code-number {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-number-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-def {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-def-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-self {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-variable-2-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-property {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-property-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-operator {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-operator-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-comment {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-comment-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
  font-style: italic;
}

.jp-snapbook-code-string {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-string-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}

.jp-snapbook-code-meta {
  color: color-mix(
    in srgb,
    var(--jp-mirror-editor-meta-color) var(--jp-snapbook-code-share),
    var(--jp-content-font-color0)
  );
}
`,""]),e.d(p,{},{A:i})},860(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* The diff tab: choosers and strip stay, the changes scroll. */
.jp-snapbook-Diff-frame {
  display: flex;
  flex-direction: column;
  height: 100%;
}

.jp-snapbook-Diff-frame > .jp-snapbook-Scroller {
  flex: 1 1 auto;
}

.jp-snapbook-Diff-frame > .jp-snapbook-Quiet {
  padding: 8px 24px;
}

.jp-snapbook-Diff-bar {
  align-items: center;
  border-bottom: 1px solid var(--jp-border-color2);
  display: flex;
  flex-wrap: wrap;
  gap: 6px 10px;
  padding: 8px 24px;
}

.jp-snapbook-Diff-acts {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 6px 10px;
  margin-left: auto;
}

.jp-snapbook-Chooser {
  align-items: center;
  display: inline-flex;
  gap: 6px;
  min-width: 0;
}

.jp-snapbook-Chooser > span {
  color: var(--jp-ui-font-color2);
  font-weight: 600;
}

.jp-snapbook-Chooser input {
  background: var(--jp-input-background);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color0);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  height: 26px;
  max-width: 100%;
  min-width: 0;
  padding: 0 6px;
}

.jp-snapbook-Counter {
  align-items: center;
  display: inline-flex;
  gap: 6px;
  white-space: nowrap;
}

.jp-snapbook-Counter .jp-snapbook-Button {
  padding: 4px 7px;
}

.jp-snapbook-Strip {
  background: var(--jp-layout-color2);
  display: flex;
  flex-wrap: wrap;
  gap: 2px 24px;
  line-height: 1.6;
  padding: 6px 24px;
}

/* The strip is darker than the page: quiet text would be too faint on it. */
.jp-snapbook-Strip > .jp-snapbook-Quiet {
  color: var(--jp-ui-font-color1);
}

.jp-snapbook-Strip > li {
  min-width: 0;
}

.jp-snapbook-Change {
  border-left: 2px solid transparent;
  margin-left: -10px;
  outline: none;
  padding: 2px 0 2px 8px;
}

.jp-snapbook-Change:focus {
  border-left-color: var(--jp-brand-color1);
}

.jp-snapbook-CodeChange {
  margin-bottom: 8px;
}

.jp-snapbook-Change-head {
  padding: 2px 0;
}

.jp-snapbook-DiffLines {
  border: 1px solid var(--jp-border-color2);
  border-radius: 2px;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: var(--jp-code-line-height);
}

.jp-snapbook-DiffLine {
  display: grid;
  grid-template-columns: 2em minmax(0, 1fr);
  min-width: 0;
}

.jp-snapbook-DiffLine code {
  overflow-wrap: anywhere;
  tab-size: 4;
  white-space: pre-wrap;
}

.jp-snapbook-Sign {
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-code-font-family);
  text-align: center;
  user-select: none;
}

/* A tint of the theme's own text colour keeps contrast in light and dark; the sign says which. */
.jp-snapbook-DiffLine.jp-mod-old {
  background: color-mix(in srgb, var(--jp-error-color1) 14%, transparent);
}

.jp-snapbook-DiffLine.jp-mod-new {
  background: color-mix(in srgb, var(--jp-success-color1) 14%, transparent);
}

.jp-snapbook-DiffLine del {
  background: color-mix(in srgb, var(--jp-error-color1) 32%, transparent);
  text-decoration: line-through;
  text-decoration-thickness: 1px;
}

.jp-snapbook-DiffLine ins {
  background: color-mix(in srgb, var(--jp-success-color1) 32%, transparent);
  text-decoration: underline;
  text-underline-offset: 3px;
}

/* Over two tints the editor's colours would be too faint. */
.jp-snapbook-DiffLine del,
.jp-snapbook-DiffLine ins {
  --jp-snapbook-code-share: 45%;
}

.jp-snapbook-DiffLine.jp-mod-none {
  background: var(--jp-layout-color2);
}

.jp-snapbook-Side {
  column-gap: 6px;
  display: grid;
  grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
}

.jp-snapbook-Side-other {
  color: var(--jp-ui-font-color2);
  grid-column: 1 / -1;
  padding: 0 8px;
}

.jp-snapbook-CellOutputs {
  min-width: 0;
  padding: 2px 0;
}

/* Two outputs are compared by eye: both have to be on the screen, and the next change soon. */
.jp-snapbook-CellOutputs .jp-snapbook-Outputs {
  padding: 0;
}

.jp-snapbook-CellOutputs .jp-snapbook-Lines {
  max-height: 240px;
}

.jp-snapbook-CellOutputs .jp-snapbook-Image {
  max-height: 320px;
}

.jp-snapbook-ValueChange {
  align-items: baseline;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 14px;
  line-height: 1.6;
}

.jp-snapbook-ValueChange-name {
  color: var(--jp-ui-font-color2);
  flex: 0 0 min(220px, 40%);
  min-width: 0;
}

.jp-snapbook-ValueChange-name + span {
  min-width: 0;
}

.jp-snapbook-Old {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Shift {
  align-items: center;
  display: flex;
  gap: 10px;
}

.jp-snapbook-Shift svg {
  fill: var(--jp-warn-color1);
  flex: none;
}

.jp-snapbook-Shift-all {
  fill: var(--jp-layout-color3);
}

@container (max-width: 640px) {
  .jp-snapbook-Diff-bar,
  .jp-snapbook-Strip,
  .jp-snapbook-Diff-frame > .jp-snapbook-Quiet {
    padding-left: 12px;
    padding-right: 12px;
  }

  .jp-snapbook-Diff-acts {
    margin-left: 0;
  }
}

/* What is not on the screen costs no layout. */
.jp-snapbook-Change {
  content-visibility: auto;
  contain-intrinsic-block-size: auto 80px;
}
`,""]),e.d(p,{},{A:i})},33(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=e.n(r),t=e(142),s=e(572),l=e(860),d=e(207),c=e(990),b=e(31),j=e(781),f=e(916),x=i()(n());x.i(t.A),x.i(s.A),x.i(l.A),x.i(d.A),x.i(c.A),x.i(b.A),x.i(j.A),x.i(f.A),x.push([o.id,`/* One line a file; what is not named here is not in the bundle. */
`,""]),e.d(p,{},{A:x})},572(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* The version page: a list of sections that stays, beside one scroll. */
.jp-snapbook-Page,
.jp-snapbook-Diff,
.jp-snapbook-ReviewTab {
  background: var(--jp-layout-color1);
  contain: strict;
  container-type: size;
  height: 100%;
  outline: none;
  overflow: hidden;
}

.jp-snapbook-Page-frame {
  display: grid;
  grid-template-columns: 168px minmax(0, 1fr);
  height: 100%;
}

.jp-snapbook-Page-alone {
  padding: 24px;
}

.jp-snapbook-Nav {
  border-right: 1px solid var(--jp-border-color2);
  overflow: auto;
  padding: 16px 0;
}

.jp-snapbook-Nav ul,
.jp-snapbook-Marks,
.jp-snapbook-Dotted,
.jp-snapbook-Frames,
.jp-snapbook-Plain,
.jp-snapbook-Outputs,
.jp-snapbook-Events,
.jp-snapbook-Strip {
  list-style: none;
  margin: 0;
  padding: 0;
}

.jp-snapbook-Nav button {
  background: none;
  border: 0;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  font: inherit;
  overflow-wrap: anywhere;
  padding: 5px 16px;
  text-align: left;
  width: 100%;
}

.jp-snapbook-Nav button:hover {
  background: var(--jp-layout-color2);
}

.jp-snapbook-Scroller {
  min-width: 0;
  outline: none;
  overflow: auto;
  padding: 16px 24px 48px;
  scroll-padding: 16px;
}

@container (max-width: 640px) {
  .jp-snapbook-Page-frame {
    grid-template-columns: minmax(0, 1fr);
  }

  .jp-snapbook-Nav {
    display: none;
  }

  .jp-snapbook-Scroller {
    padding: 12px;
  }
}

/* What others wrote: stays in its own direction, breaks anywhere, covers nothing else. */
.jp-snapbook-Said {
  overflow: clip;
  overflow-clip-margin: 2px;
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}

.jp-snapbook-Lines {
  background: var(--jp-cell-editor-background, var(--jp-layout-color2));
  border: 1px solid var(--jp-border-color2);
  border-radius: 2px;
  color: var(--jp-content-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: var(--jp-code-line-height);
  margin: 0;
  max-height: 420px;
  overflow: auto;
  padding: 4px 8px;
  tab-size: 4;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

.jp-snapbook code {
  background: none;
  color: inherit;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.jp-snapbook-Quiet {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Link {
  background: none;
  border: 0;
  border-radius: 2px;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  padding: 1px 0;
  text-align: left;
}

.jp-snapbook .jp-snapbook-Link:focus-visible {
  outline-offset: 1px;
}

.jp-snapbook-Link:hover {
  text-decoration: underline;
}

.jp-snapbook-Link[aria-busy='true'] {
  color: var(--jp-ui-font-color2);
  cursor: progress;
}

.jp-snapbook-Link.jp-mod-strong {
  font-weight: 600;
}

.jp-snapbook-Button {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  font: inherit;
  line-height: 1;
  min-height: 26px;
  padding: 4px 10px;
}

.jp-snapbook-Button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.jp-snapbook-Button:disabled {
  color: var(--jp-ui-font-color3);
  cursor: default;
}

.jp-snapbook-Trouble {
  align-items: center;
  border-left: 3px solid var(--jp-error-color1);
  display: flex;
  flex-wrap: wrap;
  gap: 12px;
  overflow-wrap: anywhere;
  padding: 6px 12px;
}

.jp-snapbook-Header {
  border-bottom: 1px solid var(--jp-border-color2);
  margin-bottom: 8px;
  padding-bottom: 12px;
}

.jp-snapbook-Header-line {
  align-items: flex-start;
  display: flex;
  gap: 8px 12px;
}

.jp-snapbook-Header-name {
  align-items: center;
  display: flex;
  flex: 1 1 0;
  flex-wrap: wrap;
  gap: 6px 12px;
  min-height: 26px;
  min-width: 0;
}

@container (max-width: 420px) {
  .jp-snapbook-Header-line {
    flex-direction: column;
  }
}

.jp-snapbook-Header h1 {
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
  line-height: 1.3;
  margin: 0;
  min-width: 0;
}

.jp-snapbook-Header-acts {
  display: flex;
  flex: none;
  gap: 6px;
}

.jp-snapbook-Marks {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  min-width: 0;
}

.jp-snapbook-Badge {
  border: 1px solid var(--jp-border-color1);
  border-radius: 10px;
  font-size: var(--jp-ui-font-size0);
  line-height: 1.4;
  max-width: 100%;
  padding: 1px 8px;
}

.jp-snapbook-Badge.jp-mod-alias {
  border-color: var(--jp-brand-color1);
  font-weight: 600;
}

.jp-snapbook-Message {
  font-size: var(--jp-ui-font-size2);
  line-height: 1.4;
  margin: 6px 0 4px;
}

.jp-snapbook-Dotted {
  color: var(--jp-ui-font-color2);
  display: flex;
  flex-wrap: wrap;
  line-height: 1.7;
}

/* The dot belongs to what follows it: no line ends with one that has nothing behind it. */
.jp-snapbook-Dotted {
  align-items: baseline;
  /* Those at the beginning of a line are cut off. */
  clip-path: inset(0 0 0 15px);
  margin-left: -15px;
}

.jp-snapbook-Dotted > li::before {
  content: '\xb7';
  display: inline-block;
  text-align: center;
  width: 15px;
}

.jp-snapbook-Digest code {
  font-size: 0.95em;
}

.jp-snapbook-Digest .jp-snapbook-Link {
  padding-left: 0.5em;
}

.jp-snapbook-Section {
  scroll-margin-top: 8px;
}

.jp-snapbook-Scroller > .jp-snapbook-Section:first-child > .jp-snapbook-Section-title {
  margin-top: 0;
}

.jp-snapbook-Section-title {
  align-items: baseline;
  background: var(--jp-layout-color1);
  display: flex;
  flex-wrap: wrap;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  gap: 0 12px;
  margin: 14px 0 6px;
}

.jp-snapbook-Section-title > button {
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  font: inherit;
  overflow-wrap: anywhere;
  padding: 2px 4px 2px 0;
  text-align: left;
}

.jp-snapbook-Section-note {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: normal;
  min-width: 0;
}

.jp-snapbook-Fold {
  display: inline-block;
  width: 1.2em;
}

.jp-snapbook-Section-body {
  padding-left: 1.2em;
}

.jp-snapbook h3 {
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  margin: 10px 0 4px;
}

.jp-snapbook h4 {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: normal;
  margin: 6px 0 2px;
}

.jp-snapbook p {
  margin: 4px 0;
}

.jp-snapbook-Metrics {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 28px;
  margin: 0 0 8px;
}

.jp-snapbook-Metrics dt {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Metrics dd {
  margin: 0;
}

.jp-snapbook-Metrics strong {
  font-size: var(--jp-ui-font-size2);
}

.jp-snapbook-Delta {
  padding-left: 6px;
  white-space: nowrap;
}

/* Colour is a second sign: the word stands there in any case. */
.jp-snapbook-Better {
  color: var(--jp-success-color0, var(--jp-ui-font-color1));
}

.jp-snapbook-Worse {
  color: var(--jp-error-color0, var(--jp-ui-font-color1));
}

[data-jp-theme-light='false'] .jp-snapbook-Better {
  color: var(--jp-success-color3, var(--jp-ui-font-color1));
}

[data-jp-theme-light='false'] .jp-snapbook-Worse {
  color: var(--jp-error-color3, var(--jp-ui-font-color1));
}

.jp-snapbook-Pairs {
  display: grid;
  gap: 1px 16px;
  grid-template-columns: minmax(80px, max-content) minmax(0, 1fr);
  line-height: 1.5;
  margin: 2px 0 6px;
}

.jp-snapbook-Pairs > div {
  display: contents;
}

.jp-snapbook-Pairs dt {
  color: var(--jp-ui-font-color2);
  max-width: 280px;
}

.jp-snapbook-Pairs dd {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  margin: 0;
  min-width: 0;
}

.jp-snapbook-Tree {
  border-left: 1px solid var(--jp-border-color2);
  margin-left: 2px;
  padding-left: 12px;
}

.jp-snapbook-Cell {
  display: grid;
  gap: 8px;
  grid-template-columns: 52px minmax(0, 1fr);
  margin: 6px 0;
}

.jp-snapbook-Cell-mark {
  color: var(--jp-ui-font-color1);
  padding-top: 5px;
  text-align: right;
}

.jp-snapbook-Cells > .jp-snapbook-Disclosure {
  margin-left: 60px;
}

.jp-snapbook-Others {
  border-left: 2px solid var(--jp-border-color2);
  margin-left: -60px;
}

.jp-snapbook-Outputs {
  padding: 4px 0 4px 16px;
}

.jp-snapbook-Image {
  background: #fff;
  display: block;
  max-width: 100%;
}

.jp-snapbook-Frame {
  background: #fff;
  border: 1px solid var(--jp-border-color2);
  display: block;
  height: 260px;
  resize: vertical;
  width: 100%;
}

.jp-snapbook-Frames > li {
  outline-offset: 2px;
  padding: 2px 0 6px;
}

.jp-snapbook-FrameLine {
  align-items: baseline;
  display: flex;
  flex-wrap: wrap;
  gap: 0 14px;
}

.jp-snapbook-Glance {
  display: flex;
  flex-wrap: wrap;
  gap: 10px;
  padding: 2px 0;
}

.jp-snapbook-Bars {
  border-bottom: 1px solid var(--jp-border-color1);
  display: block;
  fill: var(--jp-brand-color1);
}

.jp-snapbook-Bars[data-kind='categories'] {
  fill: var(--jp-accent-color1, var(--jp-brand-color1));
}

.jp-snapbook-Scroll {
  max-height: 460px;
  overflow: auto;
}

.jp-snapbook-Table {
  border-collapse: collapse;
  font-size: inherit;
  table-layout: auto;
}

.jp-snapbook-Table th,
.jp-snapbook-Table td {
  border-bottom: 1px solid var(--jp-border-color3);
  max-width: 320px;
  padding: 3px 14px 3px 0;
  text-align: left;
  vertical-align: middle;
}

.jp-snapbook-Table thead th {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color2);
  font-weight: normal;
  position: sticky;
  top: 0;
}

.jp-snapbook-Table tbody th {
  font-weight: 600;
}

.jp-snapbook-Table .jp-snapbook-Number {
  text-align: right;
}

.jp-snapbook-Plain {
  line-height: 1.6;
}

.jp-snapbook-Plain .jp-snapbook-Plain {
  padding-left: 20px;
}

.jp-snapbook-Events > li {
  line-height: 1.7;
}

.jp-snapbook-Check {
  align-items: center;
  display: inline-flex;
  gap: 4px;
}

.jp-snapbook-Check input {
  flex: none;
  margin: 0 2px 0 0;
}

.jp-snapbook-Lineage {
  display: grid;
  grid-template-columns: minmax(min-content, max-content);
  justify-content: start;
  max-height: 520px;
  overflow: auto;
}

.jp-snapbook-Lineage > svg[role] {
  display: block;
  height: auto;
  max-width: 100%;
}

.jp-snapbook-Edge {
  fill: none;
  stroke: var(--jp-border-color1);
  stroke-width: 1.2px;
}

.jp-snapbook-Node {
  cursor: pointer;
  outline: none;
}

.jp-snapbook-Node rect {
  fill: var(--jp-layout-color2);
  stroke: var(--jp-border-color1);
}

.jp-snapbook-Node.jp-mod-model rect {
  stroke: var(--jp-brand-color1);
  stroke-width: 2px;
}

.jp-snapbook-Node:hover rect {
  fill: var(--jp-layout-color3);
}

.jp-snapbook-Node:focus-visible rect {
  stroke: var(--jp-brand-color1);
  stroke-width: 3px;
}

.jp-snapbook-Node text {
  fill: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
}

/* The restore dialog: no wider than lines can be read, and no name runs out of it. */
.jp-Dialog-content:has(.jp-snapbook-Restore) {
  max-width: min(720px, 92vw);
}

.jp-Dialog-content:has(.jp-snapbook-Restore) .jp-Dialog-header,
.jp-Dialog-content:has(.jp-snapbook-Restore) .jp-Dialog-buttonLabel {
  overflow-wrap: anywhere;
}

.jp-snapbook-Restore .jp-snapbook-Check {
  align-items: baseline;
}

.jp-snapbook-Restore .jp-snapbook-Check input {
  transform: translateY(2px);
}

.jp-snapbook-Restore {
  line-height: 1.6;
  max-height: 60vh;
  min-width: min(460px, 80vw);
  overflow: auto;
}

.jp-snapbook-Warning {
  border-left: 3px solid var(--jp-warn-color1);
  margin-bottom: 10px;
  padding: 2px 12px;
}

.jp-snapbook-Facts {
  display: grid;
  gap: 4px 16px;
  grid-template-columns: max-content minmax(0, 1fr);
  margin: 0;
}

.jp-snapbook-Facts > div {
  display: contents;
}

.jp-snapbook-Facts dt {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Facts dd {
  margin: 0;
  min-width: 0;
}

.jp-snapbook-Also {
  border: 1px solid var(--jp-border-color2);
  border-radius: 3px;
  display: flex;
  flex-direction: column;
  gap: 2px;
  margin: 12px 0 0;
  padding: 4px 12px 8px;
}

.jp-snapbook-Indented {
  display: flex;
  flex-direction: column;
  padding-left: 22px;
}

.jp-snapbook-Choices {
  display: flex;
  gap: 16px;
}

/* What is not on the screen costs no layout. */
.jp-snapbook-Cell {
  content-visibility: auto;
  contain-intrinsic-block-size: auto 60px;
}
`,""]),e.d(p,{},{A:i})},31(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* The panel of the left area. Fixed heights of the list's lines are also in src/rows.ts. */
.jp-snapbook-widget {
  background: var(--jp-layout-color1);
  display: flex;
  min-width: 220px;
  overflow: hidden;
}

.jp-snapbook-panel {
  display: flex;
  flex: 1 1 auto;
  flex-direction: column;
  height: 100%;
  min-height: 0;
  min-width: 0;
}

.jp-snapbook-panel p {
  margin: 0;
}

.jp-snapbook-panel code {
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  overflow-wrap: anywhere;
  padding: 0 3px;
}

.jp-snapbook-gap {
  flex: 1 1 auto;
}

/* -- head */

.jp-snapbook-title {
  align-items: center;
  display: flex;
  height: 28px;
  padding: 0 4px 0 12px;
}

.jp-snapbook-title h2 {
  flex: 1 1 auto;
  font-size: var(--jp-ui-font-size0);
  font-weight: 600;
  letter-spacing: 1px;
  margin: 0;
  text-transform: uppercase;
}

.jp-snapbook-icon {
  background: none;
  border: 0;
  border-radius: 2px;
  cursor: pointer;
  height: 24px;
  padding: 4px;
  width: 24px;
}

.jp-snapbook-icon:hover {
  background: var(--jp-layout-color2);
}

.jp-snapbook-which {
  align-items: center;
  display: flex;
  gap: 8px;
  padding: 0 12px 6px;
}

.jp-snapbook-model {
  flex: 0 1 auto;
  min-width: 60px;
}

.jp-snapbook-panel .jp-HTMLSelect select,
.jp-snapbook-panel select {
  background-color: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
  color: var(--jp-ui-font-color1);
  font-family: inherit;
  font-size: var(--jp-ui-font-size1);
  height: 24px;
  line-height: 22px;
  max-width: 100%;
  padding: 0 18px 0 6px;
  width: 100%;
}

.jp-snapbook-notebook {
  color: var(--jp-ui-font-color2);
  flex: 1 1 0;
  min-width: 0;
  overflow: hidden;
  text-align: right;
  text-overflow: ellipsis;
  white-space: nowrap;
}

/* -- the one act */

.jp-snapbook-split {
  display: flex;
  gap: 1px;
  padding: 0 12px 6px;
}

.jp-snapbook-button {
  background: var(--jp-brand-color1);
  border: 0;
  border-radius: 2px;
  color: var(--jp-ui-inverse-font-color1);
  cursor: pointer;
  font-family: inherit;
  font-size: var(--jp-ui-font-size1);
  min-height: 28px;
  overflow: hidden;
  padding: 0 10px;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-snapbook-split .jp-snapbook-button:first-child {
  flex: 1 1 auto;
  min-width: 0;
  text-align: left;
}

.jp-snapbook-split .jp-snapbook-more-button {
  flex: none;
  padding: 0;
  width: 28px;
}

.jp-snapbook-button:hover {
  background: var(--jp-brand-color0);
}

.jp-snapbook-button[aria-disabled='true'] {
  background: var(--jp-layout-color3);
  color: var(--jp-ui-font-color1);
  cursor: default;
}

.jp-snapbook .jp-snapbook-button:focus-visible {
  outline-color: var(--jp-ui-font-color0);
  outline-offset: 1px;
}

.jp-snapbook-link {
  background: none;
  border: 0;
  border-radius: 2px;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font-family: inherit;
  font-size: inherit;
  padding: 1px 3px;
}

.jp-snapbook-link:hover {
  text-decoration: underline;
}

.jp-snapbook-input {
  background: var(--jp-input-background);
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
  color: var(--jp-ui-font-color0);
  font-family: inherit;
  font-size: var(--jp-ui-font-size1);
  height: 24px;
  min-width: 0;
  padding: 0 6px;
  width: 100%;
}

.jp-snapbook-input::placeholder {
  color: var(--jp-ui-font-color2);
  opacity: 1;
}

/* -- form */

.jp-snapbook-form {
  border-bottom: 1px solid var(--jp-border-color2);
  border-top: 1px solid var(--jp-border-color2);
  display: flex;
  flex: 0 1 auto;
  flex-direction: column;
  gap: 6px;
  margin-bottom: 6px;
  min-height: 120px;
  overflow-y: auto;
  padding: 8px 12px;
}

.jp-snapbook-form label:not(.jp-snapbook-check) {
  align-items: center;
  display: grid;
  gap: 6px;
  grid-template-columns: 62px 1fr;
}

.jp-snapbook-form label > .jp-snapbook-input:nth-child(3) {
  grid-column: 2;
}

.jp-snapbook-form fieldset {
  border: 0;
  margin: 0;
  max-height: 140px;
  min-width: 0;
  overflow-y: auto;
  padding: 0 0 0 68px;
  position: relative;
}

.jp-snapbook-form legend {
  left: 0;
  padding: 0;
  position: absolute;
  top: 3px;
}

.jp-snapbook-form details {
  display: block;
}

.jp-snapbook-form details > label {
  margin-top: 4px;
}

.jp-snapbook-form summary {
  cursor: pointer;
}

.jp-snapbook-check {
  align-items: center;
  display: flex;
  gap: 4px;
  min-width: 0;
  min-height: 22px;
}

.jp-snapbook-check input {
  flex: none;
  margin: 0 2px 0 0;
}

.jp-snapbook-becomes {
  color: var(--jp-ui-font-color1);
  min-height: 1.3em;
  overflow-wrap: anywhere;
  white-space: pre-line;
}

.jp-snapbook-quiet {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-steps {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 4px 8px;
}

/* -- states */

.jp-snapbook-notice,
.jp-snapbook-bar {
  background: var(--jp-layout-color2);
  border-left: 3px solid var(--jp-brand-color1);
  flex: none;
  margin: 0 12px 6px;
  max-height: 30%;
  overflow-wrap: anywhere;
  overflow-y: auto;
  padding: 6px 8px;
}

.jp-snapbook-notice.jp-mod-warn {
  border-left-color: var(--jp-warn-color1);
}

.jp-snapbook-notice code {
  display: block;
  margin-top: 2px;
}

.jp-snapbook-bar {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 6px;
  padding: 4px 8px;
}

.jp-snapbook-pins + .jp-snapbook-bar {
  margin-top: 6px;
}

.jp-snapbook-bar.jp-mod-compare {
  margin: 0;
}

.jp-snapbook-stand {
  background: none;
  border: 0;
  color: var(--jp-ui-font-color2);
  display: flex;
  flex: none;
  font-family: inherit;
  font-size: inherit;
  justify-content: space-between;
  padding: 2px 12px 6px;
  text-align: left;
}

button.jp-snapbook-stand {
  color: var(--jp-content-link-color);
  cursor: pointer;
}

button.jp-snapbook-stand:hover {
  text-decoration: underline;
}

.jp-snapbook-empty {
  display: flex;
  flex-direction: column;
  gap: 8px;
  overflow-wrap: anywhere;
  overflow-y: auto;
  padding: 8px 12px;
}

.jp-snapbook-empty > .jp-snapbook-link {
  align-self: flex-start;
}

.jp-snapbook-skeleton {
  flex: 1 1 0;
  min-height: 0;
  overflow: hidden;
  padding: 8px 12px;
}

.jp-snapbook-skeleton > div {
  background: var(--jp-layout-color2);
  border-radius: 2px;
  height: 30px;
  margin-bottom: 12px;
}

/* -- search */

.jp-snapbook-search {
  flex: none;
  padding: 0 12px 6px;
}

.jp-snapbook-searchline,
.jp-snapbook-filters {
  display: flex;
  gap: 4px;
}

.jp-snapbook-filters {
  margin-top: 4px;
}

.jp-snapbook-filters > * {
  flex: 1 1 0;
  min-width: 0;
}

.jp-snapbook-toggle {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: 2px;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  flex: none;
  font-family: inherit;
  font-size: var(--jp-ui-font-size0);
  height: 24px;
  padding: 0 6px;
}

.jp-snapbook-toggle[aria-pressed='true'] {
  background: var(--jp-layout-color3);
  border-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color0);
  font-weight: 600;
}

/* -- course of a metric */

.jp-snapbook-plot {
  flex: none;
  padding: 0 12px 6px;
}

.jp-snapbook-plothead {
  align-items: center;
  color: var(--jp-ui-font-color2);
  display: flex;
  font-size: var(--jp-ui-font-size0);
  gap: 6px;
  min-height: 20px;
  white-space: nowrap;
}

.jp-snapbook-plothead .jp-snapbook-link {
  margin-left: -3px;
  max-width: 50%;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-snapbook-canvas {
  cursor: pointer;
  height: 26px;
  margin: 0 4px;
  position: relative;
}

.jp-mod-open .jp-snapbook-canvas {
  border-bottom: 1px solid var(--jp-border-color2);
  border-top: 1px solid var(--jp-border-color2);
  height: 130px;
}

.jp-snapbook-canvas svg {
  display: block;
  height: 100%;
  overflow: visible;
  width: 100%;
}

.jp-snapbook-canvas polyline {
  fill: none;
  stroke: var(--jp-brand-color1);
  stroke-width: 1.5;
}

.jp-snapbook-dot {
  background: var(--jp-brand-color1);
  border-radius: 50%;
  height: 5px;
  margin: -2.5px 0 0 -2.5px;
  position: absolute;
  width: 5px;
}

.jp-snapbook-dot.jp-mod-active {
  background: var(--jp-layout-color1);
  border: 2px solid var(--jp-ui-font-color0);
  height: 9px;
  margin: -4.5px 0 0 -4.5px;
  width: 9px;
}

.jp-snapbook-bound {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  left: 0;
  line-height: 1.2;
  pointer-events: none;
  position: absolute;
}

.jp-snapbook-bound.jp-mod-high {
  top: 0;
}

.jp-snapbook-bound.jp-mod-low {
  bottom: 0;
}

/* -- pinned */

.jp-snapbook-pins {
  border-top: 1px solid var(--jp-border-color2);
  flex: none;
  list-style: none;
  margin: 0;
  padding: 0;
}

.jp-snapbook-pin {
  align-items: center;
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  display: flex;
  font: inherit;
  gap: 6px;
  height: 24px;
  padding: 0 12px;
  text-align: left;
  width: 100%;
}

.jp-snapbook-pin:hover {
  background: var(--jp-layout-color2);
}

/* -- list */

.jp-snapbook-listbox {
  border-top: 1px solid var(--jp-border-color2);
  display: flex;
  flex: 1 1 0;
  min-height: 96px;
  position: relative;
}

.jp-snapbook-scroller {
  flex: 1 1 auto;
  min-width: 0;
  overflow-x: hidden;
  overflow-y: auto;
  overflow-anchor: none;
}

.jp-snapbook-list {
  contain: layout;
  position: relative;
}

.jp-snapbook-list > * {
  left: 0;
  position: absolute;
  right: 0;
}

.jp-snapbook-heading {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  height: 22px;
  line-height: 22px;
  overflow: hidden;
  padding: 0 12px;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-snapbook-heading.jp-mod-sticky {
  border-bottom: 1px solid var(--jp-border-color2);
  left: 0;
  position: absolute;
  right: 10px;
  top: 0;
  z-index: 1;
}

.jp-snapbook-row {
  border-left: 3px solid transparent;
  cursor: pointer;
  overflow: hidden;
  padding: 3px 10px 0 5px;
}

.jp-snapbook-row:hover,
.jp-snapbook-fold:hover {
  background: var(--jp-layout-color2);
}

/*
 * The brand's light colour is unreadable under text in dark themes, and the greys beyond the second
 * under red and green: a border carries what is chosen.
 */
.jp-snapbook-row.jp-mod-active,
.jp-snapbook-fold.jp-mod-active {
  background: var(--jp-layout-color2);
  border-left-color: var(--jp-brand-color1);
}

.jp-snapbook-line {
  align-items: baseline;
  display: flex;
  gap: 4px;
  height: 18px;
  line-height: 18px;
  white-space: nowrap;
}

.jp-snapbook-mark {
  color: var(--jp-ui-font-color1);
  flex: none;
  width: 10px;
}

.jp-snapbook-second {
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size0);
  padding-left: 14px;
}

/*
 * A row at its narrowest: the number, the value and the age are never cut. What yields is the
 * message, then tags and aliases; on the first line the delta, then the middle of the name.
 */
.jp-snapbook-name {
  display: flex;
  flex: 0 1 auto;
  font-weight: 600;
  margin-right: -4px;
  min-width: 0;
  overflow: hidden;
}

.jp-snapbook-name > span {
  flex: none;
}

.jp-snapbook-name > .jp-snapbook-head {
  flex: 0 1 auto;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
}

.jp-snapbook-number {
  flex: none;
  font-weight: 600;
}

.jp-snapbook-alias {
  border: 1px solid var(--jp-border-color0);
  border-radius: 7px;
  flex: 0 3 auto;
  line-height: 13px;
  max-width: 40%;
  min-width: 24px;
  overflow: hidden;
  padding: 0 5px;
  text-overflow: ellipsis;
}

.jp-snapbook-value {
  flex: none;
  font-variant-numeric: tabular-nums;
  margin-left: auto;
  max-width: 76px;
  overflow: hidden;
  text-overflow: ellipsis;
}

.jp-snapbook-delta {
  display: flex;
  flex: 0 1000 auto;
  flex-wrap: wrap;
  font-size: var(--jp-ui-font-size0);
  font-variant-numeric: tabular-nums;
  height: 18px;
  justify-content: flex-end;
  min-width: 0;
  overflow: hidden;
}

/* Holds the line, so that the text beside it can leave it. */
.jp-snapbook-strut {
  width: 0;
}

.jp-snapbook-strut::before {
  content: '\\200b';
}

.jp-snapbook-delta.jp-mod-better {
  color: var(--jp-success-color0, var(--jp-success-color1));
}

.jp-snapbook-delta.jp-mod-worse {
  color: var(--jp-error-color0, var(--jp-error-color1));
}

[data-jp-theme-light='false'] .jp-snapbook-delta.jp-mod-better {
  color: var(--jp-success-color2);
}

[data-jp-theme-light='false'] .jp-snapbook-delta.jp-mod-worse {
  color: var(--jp-error-color3);
}

.jp-snapbook-age {
  color: var(--jp-ui-font-color1);
  flex: none;
  font-size: var(--jp-ui-font-size0);
  min-width: 38px;
  text-align: right;
}

.jp-snapbook-said {
  flex: 1 1000 auto;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-snapbook-said.jp-mod-warn::before {
  content: '⚠ ';
}

.jp-snapbook-tag {
  flex: 0 5 auto;
  max-width: 30%;
  min-width: 24px;
  overflow: hidden;
  text-overflow: ellipsis;
}

.jp-snapbook-few {
  flex: none;
}

.jp-snapbook-signs {
  display: flex;
  flex: none;
  gap: 3px;
}

.jp-snapbook-signs:empty {
  display: none;
}

.jp-snapbook-sign {
  align-self: center;
  display: flex;
}

.jp-snapbook-fold {
  align-items: center;
  border-left: 3px solid transparent;
  color: var(--jp-ui-font-color1);
  cursor: pointer;
  display: flex;
  font-size: var(--jp-ui-font-size0);
  gap: 6px;
  overflow: hidden;
  padding: 0 10px 0 8px;
  white-space: nowrap;
}

.jp-snapbook-more {
  color: var(--jp-ui-font-color2);
  line-height: 30px;
  padding: 0 12px;
}

.jp-snapbook-more > span {
  bottom: 0;
  position: sticky;
  top: 22px;
}

/* -- foot */

.jp-snapbook-footer {
  align-items: center;
  border-top: 1px solid var(--jp-border-color2);
  color: var(--jp-ui-font-color1);
  display: flex;
  flex: none;
  font-size: var(--jp-ui-font-size0);
  gap: 6px;
  margin-top: auto;
  min-height: 24px;
  padding: 0 12px;
  white-space: nowrap;
}

.jp-snapbook-place {
  color: var(--jp-ui-font-color2);
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
}

/* -- elsewhere */

.jp-snapbook-statusitem button {
  align-items: center;
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  display: flex;
  font: inherit;
  height: 100%;
  line-height: inherit;
  max-width: min(44ch, 33vw);
  overflow: hidden;
  padding: 0 6px;
  white-space: nowrap;
}

.jp-snapbook-statusitem .jp-snapbook-name {
  flex-shrink: 1000;
  font-weight: inherit;
  margin: 0;
}

.jp-snapbook-statusitem .jp-snapbook-said {
  flex: 0 0.01 auto;
}

.jp-snapbook-text {
  font-family: var(--jp-code-font-family);
  margin: 0;
  max-height: 60vh;
  max-width: 80ch;
  overflow: auto;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.jp-snapbook-verbform {
  display: flex;
  flex-direction: column;
  gap: 8px;
  min-width: 320px;
}

.jp-snapbook-verbform label:not(.jp-snapbook-check) {
  display: flex;
  flex-direction: column;
  gap: 2px;
}

.jp-snapbook-verbform small {
  color: var(--jp-ui-font-color2);
}

@media (forced-colors: active) {
  .jp-snapbook-row.jp-mod-active {
    border-left-color: Highlight;
  }
}
`,""]),e.d(p,{},{A:i})},916(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* What is deployed: a section of the panel, and of a registry's page. */
.jp-snapbook-Production {
  border-top: 1px solid var(--jp-border-color2);
  flex: 0 1 auto;
  max-height: 60%;
  min-height: 56px;
  outline: none;
  overflow-y: auto;
  overflow-wrap: anywhere;
  padding: 4px 12px 8px;
}

.jp-snapbook-Production section + section {
  border-top: 1px solid var(--jp-border-color3);
  margin-top: 6px;
}

.jp-snapbook-Production p {
  margin: 4px 0;
}

.jp-snapbook-Production-title {
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  margin: 0;
}

.jp-snapbook-Production-title button {
  background: none;
  border: 0;
  border-radius: 2px;
  color: inherit;
  cursor: pointer;
  font: inherit;
  line-height: 24px;
  padding: 0;
  text-align: left;
  width: 100%;
}

.jp-snapbook-Production-title button:hover {
  background: var(--jp-layout-color2);
}

.jp-snapbook-Production p.jp-snapbook-Production-sentence {
  margin-top: 0;
}

.jp-snapbook-Production-body > *,
.jp-snapbook-Production-way,
.jp-snapbook-Production-acts {
  margin: 6px 0 0;
}

.jp-snapbook-Production-done,
.jp-snapbook-Production-waits,
.jp-snapbook-Production-sure {
  border-left: 3px solid var(--jp-success-color1);
  padding: 3px 8px;
}

.jp-snapbook-Production-waits {
  border-left-color: var(--jp-warn-color1);
}

.jp-snapbook-Production-sure {
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  margin-top: 6px;
  padding: 8px;
}

.jp-snapbook-Production-sure p {
  margin-top: 0;
}

.jp-snapbook-Production-acts,
.jp-snapbook-Production-way {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 6px 8px;
}

.jp-snapbook-Production-undo {
  margin-top: 6px;
}

.jp-snapbook-Production-back > .jp-snapbook-Button {
  width: 100%;
}

/* What is dismissed is no part of a narrow panel's rest: the banner is read whole. */
.jp-snapbook-Production .jp-snapbook-Production-banner {
  margin: 4px 0;
  max-height: none;
}

.jp-snapbook-Production-banner ul {
  margin-top: 4px;
}

.jp-snapbook-Production-banner li {
  border-top: 1px solid var(--jp-border-color2);
  margin-top: 4px;
  padding-top: 4px;
}

.jp-snapbook-Production-banner code {
  overflow-wrap: anywhere;
}

/* -- how far */

.jp-snapbook-Steps {
  align-items: baseline;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 12px;
}

.jp-snapbook-Steps > [role='progressbar'] {
  flex: 1 1 160px;
}

.jp-snapbook-Steps ol {
  display: flex;
  list-style: none;
  margin: 0;
  padding: 0;
}

.jp-snapbook-Steps li {
  align-items: center;
  color: var(--jp-ui-font-color2);
  display: flex;
  font-variant-numeric: tabular-nums;
  gap: 3px;
}

.jp-snapbook-Steps li + li {
  flex: 1 1 auto;
}

.jp-snapbook-Steps li + li::before {
  border-top: 1px solid var(--jp-border-color1);
  content: '';
  flex: 1 1 8px;
  margin: 0 4px;
}

.jp-snapbook-Steps .jp-mod-now {
  color: var(--jp-ui-font-color0);
  font-weight: 600;
}

.jp-snapbook-Steps .jp-mod-past,
.jp-snapbook-Steps .jp-mod-now .jp-snapbook-Steps-mark {
  color: var(--jp-brand-color1);
}

/* -- rules */

.jp-snapbook-Rules {
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size0);
  font-variant-numeric: tabular-nums;
  max-width: 560px;
  width: 100%;
}

.jp-snapbook-Rules th,
.jp-snapbook-Rules td {
  font-weight: normal;
  padding: 2px 0 2px 6px;
  text-align: right;
  vertical-align: top;
}

/* A figure is read whole; words may break. */
.jp-snapbook-Rules td {
  overflow-wrap: normal;
  white-space: nowrap;
}

.jp-snapbook-Rules td.jp-snapbook-Rules-word {
  white-space: normal;
}

.jp-snapbook-Rules th:first-child {
  overflow-wrap: break-word;
  padding-left: 0;
  text-align: left;
}

.jp-snapbook-Rules thead th {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Rules td.jp-snapbook-Rules-why {
  color: var(--jp-ui-font-color2);
  text-align: left;
  white-space: normal;
}

.jp-snapbook-Rules .jp-mod-fires {
  font-weight: 600;
}

.jp-snapbook-Rules .jp-mod-fires th {
  color: var(--jp-error-color1);
  font-weight: 600;
}

/* -- what was live */

.jp-snapbook-Production-stays .jp-snapbook-input {
  margin: 2px 0 4px 6px;
  width: auto;
}

.jp-snapbook-Production-stays li {
  line-height: 1.5;
}

/* -- the report of what a served model met */

.jp-snapbook-MonitorTab > .jp-snapbook-Monitor {
  box-sizing: border-box;
  display: flex;
  flex-direction: column;
  gap: 12px;
  height: 100%;
  padding-bottom: 12px;
}

.jp-snapbook-Monitor-head {
  align-items: baseline;
  display: flex;
  flex: none;
  flex-wrap: wrap;
  gap: 8px 24px;
  justify-content: space-between;
}

.jp-snapbook-Monitor-head h1 {
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
  margin: 0;
}

.jp-snapbook-Monitor-frame {
  background: #fff;
  border: 1px solid var(--jp-border-color2);
  flex: 1 1 0;
  min-height: 240px;
  width: 100%;
}
`,""]),e.d(p,{},{A:i})},781(o,p,e){var a=e(601),n=e.n(a),r=e(314),i=(e.n(r))()(n());i.push([o.id,`/* A version before it takes an alias. */
.jp-snapbook-ReviewTab > .jp-snapbook-Scroller {
  box-sizing: border-box;
  height: 100%;
}

.jp-snapbook-Review-choices {
  display: flex;
  flex-wrap: wrap;
  gap: 8px 24px;
  margin-bottom: 16px;
}

.jp-snapbook-Review-choice {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
}

.jp-snapbook-Review-choice > span {
  color: var(--jp-ui-font-color2);
}

.jp-snapbook-Review-choice [aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  box-shadow: inset 0 -2px var(--jp-brand-color1);
  font-weight: 600;
}

.jp-snapbook-Review {
  max-width: 1000px;
}

.jp-snapbook-Review h1 {
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
  line-height: 1.3;
  margin: 0;
}

.jp-snapbook-Review h2 {
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  margin: 20px 0 6px;
}

.jp-snapbook-Review-head {
  align-items: baseline;
  border-bottom: 1px solid var(--jp-border-color2);
  display: flex;
  flex-wrap: wrap;
  gap: 4px 24px;
  justify-content: space-between;
  margin-bottom: 12px;
  padding-bottom: 8px;
}

.jp-snapbook-Review-head p {
  margin: 0;
}

.jp-snapbook-Review li {
  line-height: 1.6;
}

.jp-snapbook-Review-table td,
.jp-snapbook-Review-table th {
  vertical-align: top;
}

.jp-snapbook-Review .jp-mod-failed > .jp-snapbook-Sign {
  color: var(--jp-error-color1);
}

.jp-snapbook-Review .jp-mod-warns > .jp-snapbook-Sign {
  color: var(--jp-warn-color1);
}

.jp-snapbook-Review .jp-mod-passed > .jp-snapbook-Sign {
  color: var(--jp-success-color1);
}

.jp-snapbook-Review .jp-snapbook-Sign {
  display: inline-block;
  width: 18px;
}

.jp-snapbook-Review-done {
  border-left: 3px solid var(--jp-success-color1);
  margin: 12px 0;
  padding: 6px 12px;
}

.jp-snapbook-Review-missing {
  border-left: 3px solid var(--jp-warn-color1);
  margin: 20px 0 8px;
  padding: 6px 12px;
}

.jp-snapbook-Review-reason {
  display: block;
  font-weight: 600;
  margin: 20px 0 4px;
}

.jp-snapbook-Review textarea {
  background: var(--jp-input-background);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  display: block;
  font: inherit;
  max-width: 640px;
  padding: 6px 8px;
  width: 100%;
}

.jp-snapbook-Review-acts {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 8px 12px;
  margin: 12px 0;
}

.jp-snapbook-Button.jp-mod-primary {
  background: var(--jp-brand-color1);
  border-color: var(--jp-brand-color1);
  color: var(--jp-ui-inverse-font-color1);
}

.jp-snapbook-Button.jp-mod-primary:hover:not(:disabled) {
  background: var(--jp-brand-color0);
}

.jp-snapbook .jp-snapbook-Button.jp-mod-primary:focus-visible {
  outline-offset: 2px;
}

.jp-snapbook-Button[aria-disabled='true'] {
  cursor: progress;
  opacity: 0.6;
}
`,""]),e.d(p,{},{A:i})},314(o){o.exports=function(o){var p=[];return p.toString=function(){return this.map(function(p){var e="",a=void 0!==p[5];return p[4]&&(e+="@supports (".concat(p[4],") {")),p[2]&&(e+="@media ".concat(p[2]," {")),a&&(e+="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {")),e+=o(p),a&&(e+="}"),p[2]&&(e+="}"),p[4]&&(e+="}"),e}).join("")},p.i=function(o,e,a,n,r){"string"==typeof o&&(o=[[null,o,void 0]]);var i={};if(a)for(var t=0;t<this.length;t++){var s=this[t][0];null!=s&&(i[s]=!0)}for(var l=0;l<o.length;l++){var d=[].concat(o[l]);a&&i[d[0]]||(void 0!==r&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=r),e&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=e),n&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=n):d[4]="".concat(n)),p.push(d))}},p}},601(o){o.exports=function(o){return o[1]}},776(o,p,e){e.r(p);var a=e(72),n=e.n(a),r=e(825),i=e.n(r),t=e(659),s=e.n(t),l=e(56),d=e.n(l),c=e(540),b=e.n(c),j=e(113),f=e.n(j),x=e(33),h={};h.styleTagTransform=f(),h.setAttributes=d(),h.insert=s().bind(null,"head"),h.domAPI=i(),h.insertStyleElement=b(),n()(x.A,h);let u=x.A&&x.A.locals?x.A.locals:void 0;e.d(p,{},{default:u})},72(o){var p=[];function e(o){for(var e=-1,a=0;a<p.length;a++)if(p[a].identifier===o){e=a;break}return e}function a(o,a){for(var n={},r=[],i=0;i<o.length;i++){var t=o[i],s=a.base?t[0]+a.base:t[0],l=n[s]||0,d="".concat(s," ").concat(l);n[s]=l+1;var c=e(d),b={css:t[1],media:t[2],sourceMap:t[3],supports:t[4],layer:t[5]};if(-1!==c)p[c].references++,p[c].updater(b);else{var j=function(o,p){var e=p.domAPI(p);return e.update(o),function(p){p?(p.css!==o.css||p.media!==o.media||p.sourceMap!==o.sourceMap||p.supports!==o.supports||p.layer!==o.layer)&&e.update(o=p):e.remove()}}(b,a);a.byIndex=i,p.splice(i,0,{identifier:d,updater:j,references:1})}r.push(d)}return r}o.exports=function(o,n){var r=a(o=o||[],n=n||{});return function(o){o=o||[];for(var i=0;i<r.length;i++){var t=e(r[i]);p[t].references--}for(var s=a(o,n),l=0;l<r.length;l++){var d=e(r[l]);0===p[d].references&&(p[d].updater(),p.splice(d,1))}r=s}}},659(o){var p={};o.exports=function(o,e){var a=function(o){if(void 0===p[o]){var e=document.querySelector(o);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(o){e=null}p[o]=e}return p[o]}(o);if(!a)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");a.appendChild(e)}},540(o){o.exports=function(o){var p=document.createElement("style");return o.setAttributes(p,o.attributes),o.insert(p,o.options),p}},56(o,p,e){o.exports=function(o){var p=e.nc;p&&o.setAttribute("nonce",p)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var p=o.insertStyleElement(o);return{update:function(e){var a,n,r;a="",e.supports&&(a+="@supports (".concat(e.supports,") {")),e.media&&(a+="@media ".concat(e.media," {")),(n=void 0!==e.layer)&&(a+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),a+=e.css,n&&(a+="}"),e.media&&(a+="}"),e.supports&&(a+="}"),(r=e.sourceMap)&&"u">typeof btoa&&(a+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(r))))," */")),o.styleTagTransform(a,p,o.options)},remove:function(){var o;null===(o=p).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,p){if(p.styleSheet)p.styleSheet.cssText=o;else{for(;p.firstChild;)p.removeChild(p.firstChild);p.appendChild(document.createTextNode(o))}}}}]);