import type { DatasetFacts, FamilyPreview } from '../protocol.ts';
import { Raster } from './raster.tsx';

/** What the page is for, and then the images that it was given. */
export function Welcome({ dataset, families }: { dataset: DatasetFacts | null; families: readonly FamilyPreview[] }) {
  if (dataset) return <Examples dataset={dataset} />;
  return (
    <section class="card welcome">
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

function Examples({ dataset }: { dataset: DatasetFacts }) {
  const { name, normal, abnormal } = dataset;
  return (
    <section class="card welcome">
      <h2>Ready to train</h2>
      <div class="examples">
        {[normal, abnormal].map((images, label) => (
          <figure key={label ? 'abnormal' : 'normal'}>
            <div>
              {images.map((image, i) => (
                <Raster
                  key={`${name} ${i}`}
                  image={image}
                  label={`${label ? 'Abnormal' : 'Normal'} example ${i + 1}`}
                />
              ))}
            </div>
            <figcaption>{label ? 'Abnormal' : 'Normal'}, the first of the images to learn from</figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
