import { assert } from 'chai';
import { hottestLoop } from '../../bench/isa/machine_code.ts';
import { brokenLimits, type IsaResult, table } from '../../bench/isa/results.ts';
import { dumped, withoutBounds, withoutClearing } from '../../bench/isa/spirv.ts';
import { suite, test } from '../harness/registry.ts';

/** As RADV prints it: a loop over slabs that holds one of 16 rounds. */
const NESTED = `BB0:
	s_mov_b32 s4, 0                                             ; be840080
BB1:
	s_cmp_ge_u32 s20, s21                                       ; bf091514
	s_cbranch_scc1 BB5                                          ; bf850010
BB2:
	buffer_load_dwordx4 v[8:11], v1, s[4:7], 0 offen            ; e0381000 80010801
	ds_write_b128 v2, v[8:11] offset:64                         ; db7c0040 00000802
	s_barrier                                                   ; bf8a0000
	s_mov_b32 s8, 4                                             ; be880084
BB3:
	ds_read2_b32 v[12:13], v3 offset1:4                         ; d8dc0400 0c000003
	v_fmac_f32_e32 v20, v12, v13                                ; 56281b0c
	v_fmac_f32_e32 v21, v12, v13                                ; 562a1b0c
	s_add_u32 s8, s8, 2                                         ; 80088208
	s_cmp_lt_u32 s8, 16                                         ; bf0a9008
	s_cbranch_scc1 BB3                                          ; bf85fffa
BB4:
	s_add_u32 s20, s20, 32                                      ; 8014a014
	s_branch BB1                                                ; bf82fff0
BB5:
	v_fma_f32 v1, v2, v3, v4                                    ; d54b0001 04120702
	s_endpgm                                                    ; bf810000
`;

/** RDNA 3 names things otherwise and can do two operations in one instruction. */
const DUAL = `BB0:
	v_mov_b32_e32 v0, 0                                         ; 7e000280
BB1:
	global_load_b64 v[2:3], v[0:1], off                         ; dc560000 027c0000
	ds_load_b128 v[4:7], v0                                     ; dbfc0000 04000000
	v_dual_fmac_f32 v1, v2, v3 :: v_dual_mov_b32 v8, v9         ; c8500702 01080909
	s_cbranch_vccnz BB1                                         ; bfa4fffb
BB2:
	s_endpgm                                                    ; bfb00000
`;

function result(change: Partial<IsaResult>): IsaResult {
  return {
    ...{ kernel: 'matmul_workgroup', shader: 'matmul_workgroup', hash: '', compiler: 'naga', family: 'navi21' },
    ...{ vgprs: 100, spills: 0, scratch: 0, lds: 8192, waves: 8, instructions: 3000 },
    loop: {
      instructions: 100,
      fma: 90,
      share: 0.9,
      loads: { 128: 8 },
      stores: 0,
      workgroupLoads: {},
      workgroupStores: {},
      barriers: 2,
    },
    ...change,
  };
}

suite('machine code', () => {
  test('a loop counts with those inside it, as often as their constants say', () => {
    const loop = hottestLoop(NESTED);
    // Outside: 2 + 4 + 2 instructions; inside: (16 - 4) / 2 rounds of 6.
    assert.deepInclude(loop, { instructions: 8 + 6 * 6, fma: 12, stores: 0, barriers: 1 });
    assert.deepEqual(loop?.loads, { 128: 1 });
    assert.deepEqual(loop?.workgroupLoads, { 64: 6 });
    assert.deepEqual(loop?.workgroupStores, { 128: 1 });
    assert.closeTo(loop!.share, 12 / 44, 1e-12);
  });

  test('a loop whose end no constant says stands alone', () => {
    const loop = hottestLoop(NESTED.replace('s_cmp_lt_u32 s8, 16', 's_cmp_lt_u32 s8, s9'));
    assert.deepInclude(loop, { instructions: 6, fma: 2, barriers: 0 });
  });

  test('two operations in one instruction are two, and code without a loop has none', () => {
    assert.deepInclude(hottestLoop(DUAL), { instructions: 5, fma: 1 });
    assert.deepEqual(hottestLoop(DUAL)?.loads, { 64: 1 });
    assert.deepEqual(hottestLoop(DUAL)?.workgroupLoads, { 128: 1 });
    assert.isNull(hottestLoop('BB0:\n\tv_fma_f32 v1, v2, v3, v4\n\ts_endpgm\n'));
  });

  test('the stores that clear workgroup memory are taken out, and no others', () => {
    const op = (code: number, ...operands: number[]) => [((operands.length + 1) << 16) | code, ...operands];
    const module = (store: number[]) => [
      ...[0x07230203, 0x10500, 0, 20, 0],
      ...[
        ...op(46, 1, 2),
        ...op(59, 3, 4, 4),
        ...op(59, 3, 5, 12),
        ...op(62, 5, 2),
        ...store,
        ...op(62, 4, 6),
        ...op(253),
      ],
    ];
    const bytes = (words: number[]) => new Uint8Array(Uint32Array.from(words).buffer);
    assert.deepEqual(withoutClearing(bytes(module(op(62, 4, 2)))), bytes(module([1 << 16, 1 << 16, 1 << 16])));
    assert.throws(() => withoutClearing(bytes([0x07230203, 0, 0, 0, 0, 0])), /without length/);
  });

  test('what Dawn prints is told apart by the number of its source', () => {
    const log = [
      ...['// Dumped WGSL:', '// source 1', 'fn main() {}', '', '/* Dumped SPIRV disassembly */', '; SPIR-V'],
      ...['               OpCapability Shader', '     %void = OpTypeVoid'],
      ...['// Dumped WGSL:', '// source 0', 'refused'],
    ].join('\n');
    const texts = dumped(log);
    assert.deepEqual([...texts.keys()], [1]);
    assert.equal(texts.get(1), '; SPIR-V\n               OpCapability Shader\n     %void = OpTypeVoid');
  });

  test('an index is let go beyond the length of a buffer, and within an array or below a number of its own', () => {
    const text = (index: string) =>
      [
        ...['%9 = OpArrayLength %uint %8 0', '%10 = OpISub %uint %9 %uint_1', '%11 = OpISub %uint %9 %uint_2'],
        ...[index, '%13 = OpExtInst %uint %7 UMin %5 %uint_7', '%14 = OpExtInst %uint %7 UMin %5 %11'],
      ].join('\n');
    assert.equal(withoutBounds(text('%12 = OpExtInst %uint %7 UMin %5 %10')), text('%12 = OpCopyObject %uint %5'));
  });

  test('limits: a spill anywhere, few multiply-adds or waves where they are promised', () => {
    assert.deepEqual(brokenLimits([result({})]), []);
    assert.match(brokenLimits([result({ kernel: 'softmax', spills: 3 })])[0], /softmax .*3 registers spilled/);
    assert.match(brokenLimits([result({ scratch: 64 })])[0], /64 bytes of scratch/);
    assert.match(brokenLimits([result({ loop: { ...result({}).loop!, share: 0.5 } })])[0], /50 % multiply-adds/);
    assert.match(brokenLimits([result({ waves: 4 })])[0], /4 waves/);
    assert.deepEqual(brokenLimits([result({ waves: 2, family: 'vega10' })]), []);
  });

  test('the table shows the worse of the two compilers', () => {
    const text = table([
      result({ vgprs: 90 }),
      result({ compiler: 'tint', vgprs: 96, loop: { ...result({}).loop!, share: 0.8 } }),
    ]);
    assert.match(text, /matmul_workgroup +RDNA 2 +96 +0 +0 +8192 +8 +80 % +8 × 128/);
  });
});
