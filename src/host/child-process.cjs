// Takes the place of node:child_process in the bundle: the command-line library asks for it at every start, and an idle run
// never needs it, nor the networking that comes with it.
const get = (name) => process.getBuiltinModule("node:child_process")[name];

module.exports = {
  get fork() {
    return get("fork");
  },
  get spawn() {
    return get("spawn");
  },
};
