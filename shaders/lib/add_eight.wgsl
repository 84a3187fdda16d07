// Adds the products of eight terms: of this invocation's eight rows with its four columns. Each short loop is a function of its own:
// compilers that count the rounds of loops, against endless ones, begin the count where a function begins, and could not unroll it
// within another loop. What is loaded last is used first, so that one wait is for all.
fn add_eight(sums: ptr<private, array<vec4f, 8>>, half: u32, x: u32, y: u32) {
  for (var k = 0u; k < 8u; k++) {
    let b = b_tile[half][k][x];
    let a0 = a_tile[half][k][y];
    let a1 = a_tile[half][k][y + 8u];
    (*sums)[4] += a1.x * b;
    (*sums)[5] += a1.y * b;
    (*sums)[6] += a1.z * b;
    (*sums)[7] += a1.w * b;
    (*sums)[0] += a0.x * b;
    (*sums)[1] += a0.y * b;
    (*sums)[2] += a0.z * b;
    (*sums)[3] += a0.w * b;
  }
}

// Adds the products of 32 terms, of which each invocation loaded a block of 4 x 4 for the rows and one for the columns.
fn add_chunk(sums: ptr<private, array<vec4f, 8>>, rows: mat4x4f, columns: mat4x4f, id: vec2u, term: u32, quad: u32) {
  workgroupBarrier();
  a_tile[0][term][quad] = rows[0];
  a_tile[1][term][quad] = rows[1];
  b_tile[0][term][quad] = columns[0];
  b_tile[1][term][quad] = columns[1];
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
  workgroupBarrier();
  a_tile[0][term][quad] = rows[2];
  a_tile[1][term][quad] = rows[3];
  b_tile[0][term][quad] = columns[2];
  b_tile[1][term][quad] = columns[3];
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
}

// Adds the products of sixteen terms: a number of each of this invocation's rows for term x, and the columns of terms y and y + 8.
fn add_part(sums: ptr<private, array<vec4f, 8>>, factors: array<vec4f, 2>, c0: vec4f, c1: vec4f, x: u32, y: u32) {
  workgroupBarrier();
  a_tile[x / 8u][x % 8u][y] = factors[0];
  a_tile[x / 8u][x % 8u][y + 8u] = factors[1];
  b_tile[0][y][x] = c0;
  b_tile[1][y][x] = c1;
  workgroupBarrier();
  add_eight(sums, 0u, x, y);
  add_eight(sums, 1u, x, y);
}

// Element i of each of eight vectors.
fn elements(v: ptr<private, array<vec4f, 8>>, i: u32) -> array<vec4f, 2> {
  switch (i) {
    case 0u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].x, (*v)[1].x, (*v)[2].x, (*v)[3].x),
        vec4f((*v)[4].x, (*v)[5].x, (*v)[6].x, (*v)[7].x),
      );
    }
    case 1u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].y, (*v)[1].y, (*v)[2].y, (*v)[3].y),
        vec4f((*v)[4].y, (*v)[5].y, (*v)[6].y, (*v)[7].y),
      );
    }
    case 2u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].z, (*v)[1].z, (*v)[2].z, (*v)[3].z),
        vec4f((*v)[4].z, (*v)[5].z, (*v)[6].z, (*v)[7].z),
      );
    }
    default: {
      return array<vec4f, 2>(
        vec4f((*v)[0].w, (*v)[1].w, (*v)[2].w, (*v)[3].w),
        vec4f((*v)[4].w, (*v)[5].w, (*v)[6].w, (*v)[7].w),
      );
    }
  }
}

fn clear(v: ptr<private, array<vec4f, 8>>) {
  for (var i = 0u; i < 8u; i++) {
    (*v)[i] = vec4f();
  }
}
