// The official JavaScript client against `bottleship serve`: client.mjs URL. Prints `all is well`, or fails where something is not.
import * as k8s from '@kubernetes/client-node';
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const config = new k8s.KubeConfig();
config.loadFromOptions({
  clusters: [{ name: 'b', server: process.argv[2], skipTLSVerify: true }],
  users: [{ name: 'admin' }],
  contexts: [{ name: 'b', cluster: 'b', user: 'admin', namespace: 'default' }],
  currentContext: 'b',
});
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = 'default';

async function until(what, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    const found = await what();
    if (found) return found;
  }
  throw new Error(`it did not happen in time: ${what}`);
}

async function refused(code, reason, act) {
  const e = await act().then(() => assert.fail(`${reason} was expected`), (e) => e);
  assert.equal(e.code, code, String(e));
  const status = JSON.parse(e.body);
  assert.equal(status.reason, reason);
  return status;
}

async function lists() {
  const nodes = await core.listNode();
  assert.deepEqual(nodes.items.map((n) => n.metadata.name), ['node-1', 'node-2', 'node-3']);
  for (const name of ['a', 'b', 'c']) {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { mine: 'yes' } }, data: { name } } });
  }
  const first = await core.listNamespacedConfigMap({ namespace, labelSelector: 'mine=yes', limit: 2 });
  assert.equal(first.items.length, 2);
  const rest = await core.listNamespacedConfigMap({ namespace, labelSelector: 'mine=yes', limit: 2, _continue: first.metadata._continue });
  assert.deepEqual(rest.items.map((c) => c.metadata.name), ['c']);
  await refused(404, 'NotFound', () => core.readNamespacedConfigMap({ name: 'nope', namespace }));
  await refused(422, 'Invalid', () => core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'Not A Name' } } }));
}

async function patches() {
  const labels = { app: 'web' };
  const containers = [{ name: 'nginx', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }];
  const body = {
    metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
  await apps.createNamespacedDeployment({ namespace, body });
  const patch = (body, type, more = {}) =>
    apps.patchNamespacedDeployment({ name: 'web', namespace, body, ...more }, k8s.setHeaderOptions('Content-Type', type));
  assert.equal((await patch([{ op: 'replace', path: '/spec/replicas', value: 2 }], k8s.PatchStrategy.JsonPatch)).spec.replicas, 2);
  const image = { spec: { template: { spec: { containers: [{ name: 'nginx', image: 'nginx:1.28' }] } } } };
  const merged = await patch(image, k8s.PatchStrategy.StrategicMergePatch);
  assert.equal(merged.spec.template.spec.containers[0].ports[0].containerPort, 80);
  const labelled = await patch({ metadata: { labels: { a: 'b' } } }, k8s.PatchStrategy.MergePatch);
  assert.equal(labelled.metadata.labels.a, 'b');
  const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3 } };
  const apply = (force) => patch(applied, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'node', force });
  const status = await refused(409, 'Conflict', () => apply(false));
  assert.equal(status.details.causes[0].field, '.spec.replicas');
  assert.equal((await apply(true)).spec.replicas, 3);
  // A rollout that is over: no old pod is among the three, to go while it is spoken to.
  await until(async () => {
    const { status } = await apps.readNamespacedDeploymentStatus({ name: 'web', namespace });
    return [status.replicas, status.updatedReplicas, status.readyReplicas].every((n) => n === 3);
  });
}

async function watches() {
  const seen = [];
  const list = () => core.listNamespacedConfigMap({ namespace: 'kube-public' });
  const informer = k8s.makeInformer(config, '/api/v1/namespaces/kube-public/configmaps', list);
  for (const event of ['add', 'update', 'delete']) {
    informer.on(event, (o) => o.metadata.name === 'seen' && seen.push(event));
  }
  informer.on('error', (e) => seen.push(String(e)));
  await informer.start();
  await core.createNamespacedConfigMap({ namespace: 'kube-public', body: { metadata: { name: 'seen' } } });
  await until(() => seen.length === 1, 10);
  await core.replaceNamespacedConfigMap({ name: 'seen', namespace: 'kube-public', body: { metadata: { name: 'seen' }, data: { k: 'v' } } });
  await core.deleteNamespacedConfigMap({ name: 'seen', namespace: 'kube-public' });
  await until(() => seen.length >= 3, 10);
  assert.deepEqual(seen, ['add', 'update', 'delete']);
  await informer.stop();
}

async function containers() {
  const running = async () =>
    (await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items.find(
      (p) => p.status.phase === 'Running' && !p.metadata.deletionTimestamp,
    );
  const name = (await until(running)).metadata.name;
  let text = '';
  const out = new Writable({ write(chunk, _, done) { text += chunk; done(); } });
  const status = await new Promise((done, fail) => {
    new k8s.Exec(config).exec(namespace, name, 'nginx', ['sh', '-c', 'cat; exit 2'], out, out, stdin(), false, done).catch(fail);
  });
  assert.equal(text, 'typed\n');
  assert.equal(status.details.causes[0].message, '2');
  const log = new PassThrough();
  let said = '';
  log.on('data', (chunk) => (said += chunk));
  const follow = await new k8s.Log(config).log(namespace, name, 'nginx', log, { follow: true });
  await until(() => said.includes('ready for start up'), 10);
  follow.abort();
}

function stdin() {
  const s = new PassThrough();
  s.end('typed\n');
  return s;
}

async function customResources() {
  const crds = config.makeApiClient(k8s.ApiextensionsV1Api);
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } } };
  const name = 'boats.example.com';
  await crds.createCustomResourceDefinition({
    body: {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name },
      spec: {
        group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', singular: 'boat', kind: 'Boat' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
  });
  await until(async () => {
    const { status } = await crds.readCustomResourceDefinition({ name });
    return status.conditions?.some((c) => c.type === 'Established' && c.status === 'True');
  }, 10);
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const boat = (size) => ({ apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: 'b', namespace }, spec: { size } });
  await refused(422, 'Invalid', () => objects.create(boat(0)));
  assert.equal((await objects.create(boat(1))).spec.size, 1);
  const patched = await objects.patch(boat(5), undefined, undefined, 'node', true, k8s.PatchStrategy.ServerSideApply);
  assert.equal(patched.spec.size, 5);
  const all = await config.makeApiClient(k8s.CustomObjectsApi).listNamespacedCustomObject({ group: 'example.com', version: 'v1', namespace, plural: 'boats' });
  assert.deepEqual(all.items.map((b) => b.spec.size), [5]);
}

for (const check of [lists, patches, watches, containers, customResources]) {
  console.log(check.name);
  await check();
}
console.log('all is well');
process.exit(0);
