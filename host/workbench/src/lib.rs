//! What developers of plugins work with: `patchbay plugin new | build | check | test | inspect | bench`, cases, replay.
