import { csvCells } from '../base/csv.ts';
import type { FileSystem } from '../base/file_system.ts';
import type { RowSink } from './merge.ts';
import type { Column } from './plan.ts';

/** Rows of a group, which is what is in memory. */
const GROUP = 50_000;

/** A sink that writes one Parquet file: numbers as doubles, the rest as texts and booleans, what is not known as null. */
export async function parquetSink(fs: FileSystem, path: string, all: readonly Column[]): Promise<RowSink> {
  const [{ ParquetWriter }, { ByteWriter }, { schemaFromColumnData }] = await Promise.all([
    import('hyparquet-writer/src/parquet-writer.js'),
    import('hyparquet-writer/src/bytewriter.js'),
    import('hyparquet-writer/src/schema.js'),
  ]);
  const types = { text: 'STRING', number: 'DOUBLE', boolean: 'BOOLEAN' } as const;
  const empty = all.map(({ name, type }) => ({ name, type: types[type], data: [] as unknown[], nullable: true }));
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: empty }) });
  const file = await fs.createWriter(path);
  let rows: string[][] = [];
  const flush = async () => {
    if (rows.length > 0) {
      const columnData = all.map(({ name, type }, i) => ({
        name,
        data: rows.map((cells) => typedCell(cells[i], type)),
      }));
      writer.write({ columnData, rowGroupSize: GROUP });
      rows = [];
    }
    await file.write(bytes.getBytes());
    bytes.index = 0; // its offset in the file goes on
  };
  return {
    write: async (text) => {
      rows.push(...csvCells(text).filter((cells) => cells.length > 1));
      if (rows.length >= GROUP) await flush();
    },
    close: async () => {
      await flush();
      writer.finish();
      await flush();
      await file.close();
    },
    abort: () => file.abort(),
  };
}

function typedCell(cell: string, type: Column['type']): string | number | boolean | null {
  if (type === 'text') return cell;
  if (cell === '') return null;
  return type === 'number' ? Number(cell) : cell === '1';
}
