// Adds the products of eight terms: of this invocation's four rows with its four columns. Each short loop is a function of its own:
// compilers that count the rounds of loops, against endless ones, begin the count where a function begins, and could not unroll it
// within another loop.
fn add_eight(sums: ptr<private, array<vec4f, 4>>, half: u32, x: u32, y: u32) {
  for (var k = 0u; k < 8u; k++) {
    let b = b_tile[half][k][x];
    let a = a_tile[half][k][y];
    (*sums)[0] += a.x * b;
    (*sums)[1] += a.y * b;
    (*sums)[2] += a.z * b;
    (*sums)[3] += a.w * b;
  }
}

// Adds the products of 32 terms, of which each invocation loaded a block of 4 x 4, for the rows or for the columns.
fn add_chunk(sums: ptr<private, array<vec4f, 4>>, fours: mat4x4f, id: vec2u, is_row: bool, term: u32, quad: u32) {
  workgroupBarrier();
  if (is_row) {
    a_tile[0][term][quad] = fours[0];
    a_tile[1][term][quad] = fours[1];
  } else {
    b_tile[0][term][quad] = fours[0];
    b_tile[1][term][quad] = fours[1];
  }
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
  workgroupBarrier();
  if (is_row) {
    a_tile[0][term][quad] = fours[2];
    a_tile[1][term][quad] = fours[3];
  } else {
    b_tile[0][term][quad] = fours[2];
    b_tile[1][term][quad] = fours[3];
  }
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
}

// Adds the products of sixteen terms: a number of each of this invocation's rows for term x, and the columns of term y.
fn add_part(sums: ptr<private, array<vec4f, 4>>, factors: vec4f, columns: vec4f, x: u32, y: u32) {
  workgroupBarrier();
  a_tile[x / 8u][x % 8u][y] = factors;
  b_tile[y / 8u][y % 8u][x] = columns;
  workgroupBarrier();
  add_eight(sums, 0u, x, y);
  add_eight(sums, 1u, x, y);
}

// Element i of each of four vectors.
fn elements(v: ptr<private, array<vec4f, 4>>, i: u32) -> vec4f {
  switch (i) {
    case 0u: { return vec4f((*v)[0].x, (*v)[1].x, (*v)[2].x, (*v)[3].x); }
    case 1u: { return vec4f((*v)[0].y, (*v)[1].y, (*v)[2].y, (*v)[3].y); }
    case 2u: { return vec4f((*v)[0].z, (*v)[1].z, (*v)[2].z, (*v)[3].z); }
    default: { return vec4f((*v)[0].w, (*v)[1].w, (*v)[2].w, (*v)[3].w); }
  }
}

fn clear(v: ptr<private, array<vec4f, 4>>) {
  for (var i = 0u; i < 4u; i++) {
    (*v)[i] = vec4f();
  }
}
