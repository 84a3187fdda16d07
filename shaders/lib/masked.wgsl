// A block from k on, with zeros from `last` on.
fn masked(loaded: mat4x4f, k: u32, last: u32) -> mat4x4f {
  let zero = vec4f();
  return mat4x4f(
    select(zero, loaded[0], k < last),
    select(zero, loaded[1], k + 1u < last),
    select(zero, loaded[2], k + 2u < last),
    select(zero, loaded[3], k + 3u < last),
  );
}
