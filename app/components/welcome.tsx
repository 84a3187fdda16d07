import type { Actions } from '../actions.ts';
import type { Change, State } from '../state.ts';
import { Raster } from './raster.tsx';
import { SupportImages } from './support_images.tsx';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** What the page is for, and then the images that it was given. */
export function Welcome(props: Props) {
  const { dataset, families } = props.state;
  if (dataset) {
    return (
      <section class="card welcome">
        <h2>Ready to train</h2>
        <p>It will learn from these images. Any of them can be exchanged for another, or left out.</p>
        <SupportImages {...props} />
      </section>
    );
  }
  return (
    <section class="card welcome start">
      <h2>Show it a few images</h2>
      <p>
        A handful of normal and abnormal images teaches a frozen CLIP model what to look for. Then every test image gets
        a score, and a map of where it looks abnormal.
      </p>
      <ol>
        <li>Choose phantoms, or drop folders of your own images.</li>
        <li>Train. A few epochs take seconds on a GPU and minutes without one.</li>
        <li>Look at maps, scores and the ROC curve; score new images; take the results home as files.</li>
      </ol>
      {families.length > 0 && (
        <figure class="wall">
          <div>
            {families.map(({ name, title, diseased }) => (
              <Raster key={name} image={diseased} label={`${title}, diseased`} />
            ))}
          </div>
          <figcaption>Phantoms, drawn by this page: each of them has a lesion</figcaption>
        </figure>
      )}
    </section>
  );
}
