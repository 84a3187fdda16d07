import { cosineLogitsBackward, cosineLogits as forwardCosine } from '../../kernels/cosine_logits.ts';
import { infoNce as forwardInfoNce, type InfoNceTargets, infoNceBackward } from '../../kernels/info_nce.ts';
import { l2Normalize as forwardNormalize, l2NormalizeBackward } from '../../kernels/l2_normalize.ts';
import { apply, type Operation } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

const EPS = 1e-12;

const normalizeOperation: Operation<null> = {
  name: 'l2_normalize',
  forward([x]) {
    const { y, inverseNorm } = forwardNormalize(x, EPS);
    return { output: y, saved: [y, inverseNorm] };
  },
  backward: (grad, [y, inverseNorm]) => [l2NormalizeBackward(grad, y, inverseNorm, EPS)],
};

/** x / max(‖x‖, 1e-12) for every row of [..., W]. */
export function l2Normalize(x: Tensor): Tensor {
  return apply(normalizeOperation, [x], null);
}

const cosineOperation: Operation<{ temperature: number; relu: boolean }> = {
  name: 'cosine_logits',
  forward([f, t], { temperature }) {
    const { logits, inverseNorm } = forwardCosine(f, t, temperature);
    return { output: logits, saved: [f, t, inverseNorm] };
  },
  backward(grad, [f, t, inverseNorm], { temperature, relu }, [needF, needT]) {
    const d = cosineLogitsBackward(grad, f, t, inverseNorm, temperature, { f: needF, t: needT }, relu);
    return [d.f, d.t];
  },
};

/**
 * temperature · ⟨f / max(‖f‖, 1e-12), t⟩.
 * @param f [rows, E] features, not normalised
 * @param t [C, E] text features, normalised
 * @param relu f are the results of a ReLU that leaves its slope to this: the gradient that f gets holds it
 * @returns [rows, C]
 */
export function cosineLogits(f: Tensor, t: Tensor, temperature: number, relu = false): Tensor {
  return apply(cosineOperation, [f, t], { temperature, relu });
}

const infoNceOperation: Operation<{ targets: InfoNceTargets }> = {
  name: 'info_nce',
  forward([cosine, logScale], { targets }) {
    const { loss, logSumExp } = forwardInfoNce(cosine, logScale, targets);
    return { output: loss, saved: [cosine, logScale, logSumExp] };
  },
  backward(grad, [cosine, logScale, logSumExp], { targets }) {
    const d = infoNceBackward(grad, cosine, logScale, targets, logSumExp);
    return [d.cosine, d.logScale];
  },
};

/**
 * Symmetric InfoNCE of a batch of pairs, the loss of CLIP: mean of both cross-entropies of exp(logScale) · cosine.
 * @param cosine [P, T], pictures by texts
 * @param logScale [1]
 * @param targets see `infoNceTargets`
 * @returns [1]
 */
export function infoNce(cosine: Tensor, logScale: Tensor, targets: InfoNceTargets): Tensor {
  return apply(infoNceOperation, [cosine, logScale], { targets });
}
