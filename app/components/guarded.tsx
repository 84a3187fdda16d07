import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';

/** Shows results; where these have another shape than the page counts on, the rest of it goes on and this is said. */
export function Guarded({ children }: { children: ComponentChildren }) {
  const [error] = useErrorBoundary();
  if (!error) return <>{children}</>;
  const reason = error instanceof Error ? error.message : String(error);
  return (
    <div class="card trouble" role="alert">
      <p>
        These results cannot be shown ({reason}): what is kept of them is damaged, or of another version of this page.
        Open another session, or do this work again.
      </p>
    </div>
  );
}
