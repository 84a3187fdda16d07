import { expect } from 'chai';
import { keptPath, serverOf, withoutSecrets } from '../../src/base/address.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { describeObject } from '../../src/data/layout/object_name.ts';
import { parseDicomWeb } from '../../src/dicomweb/address.ts';
import { suite, test } from '../harness/registry.ts';

const SEARCH = 'dicomweb:https://jane:hunter2@pacs.example:8042/dw/studies?PatientID=4711&token=geheim#x';

suite('addresses', () => {
  test('what is kept of one has no password, no search, no token; paths of files are as they were', () => {
    expect(serverOf(SEARCH)).to.equal('pacs.example');
    expect(keptPath(SEARCH)).to.equal('dicomweb:https://pacs.example:8042/dw/studies?not-kept');
    expect(keptPath('https://a.example/x.png')).to.equal('https://a.example/x.png');
    for (const path of ['data/a?b#c', '/mnt/a@b', 'C:\\a?b'])
      expect([keptPath(path), serverOf(path)]).to.deep.equal([path, null]);
  });

  test('no error tells more than that, wherever an address stands in it', () => {
    const text = `Cannot read ${SEARCH}/1-1.dcm (https://b.example/x.png?sig=geheim); see https://c.example/docs.`;
    const told = new FusionclipError('io', text).message;
    expect(told).to.equal(
      'Cannot read dicomweb:https://pacs.example:8042/dw/studies?… (https://b.example/x.png?…); see https://c.example/docs.',
    );
    expect(withoutSecrets(told)).to.equal(told);
    expect(withoutSecrets('rediss://jane:hunter2@q.example:6379/0 holds no plan')).to.equal(
      'rediss://q.example:6379/0 holds no plan',
    );
  });

  test('prompts never say what stands in one, and a search that was not kept is asked for', () => {
    expect(describeObject(SEARCH)).to.deep.equal({ object: 'medical image', from: 'none' });
    expect(describeObject('dicomweb:https://liver.example/brain')).to.deep.equal({
      object: 'medical image',
      from: 'none',
    });
    expect(() => parseDicomWeb(keptPath(SEARCH))).to.throw(
      /^What was searched for at pacs\.example:8042 is kept by no run/,
    );
  });
});
