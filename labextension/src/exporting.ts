/**
 * What a version can be exported as, in a dialog: the words of `--to`, and what each is for.
 *
 * Those alone that need nothing else to be told; the others are asked for by the verb's own form.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

export interface ExportForm {
  /** What `--to` takes. */
  to: string;
  label: string;
}

/** The forms of the version `ref`, what is chosen most first. */
export function exportForms(ref: string, trans: TranslationBundle): ExportForm[] {
  const archive = `${ref.replace(/[:/]/g, '-')}.zip`;
  return [
    { to: 'bundle', label: trans.__('bundle: a folder that serves it') },
    { to: archive, label: trans.__('%1: the bundle as one archive', archive) },
    { to: 'notebook', label: trans.__('notebook: the cells that made it') },
    { to: 'env', label: trans.__('env: its packages, as lock files') },
    { to: 'report', label: trans.__('report: one HTML file for who checks it') },
    { to: 'onnx', label: trans.__('onnx: its model for engines without Python') },
    { to: 'skops', label: trans.__('skops: its model without a pickle') },
    { to: 'state_dict', label: trans.__('state_dict: its tensors by name') },
    { to: 'nnef', label: trans.__('nnef: a PyTorch network for other engines') },
    { to: 'savedmodel', label: trans.__('savedmodel: a Keras network for TensorFlow') },
    { to: 'mlflow', label: trans.__('mlflow: a folder that MLflow loads and serves') },
    { to: 'docker', label: trans.__('docker: what an image is built from') },
    { to: 'kserve', label: trans.__('kserve: what serves it on KServe') },
    { to: 'kubernetes', label: trans.__('kubernetes: what serves it on Kubernetes') },
    { to: 'haproxy', label: trans.__('haproxy: what serves it on one host') },
    { to: 'bentoml', label: trans.__('bentoml: a service for BentoML') },
    { to: 'pipelines', label: trans.__('pipelines: files for CI') }
  ];
}
