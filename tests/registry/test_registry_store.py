"""The Store over HTTP keeps what every Store keeps."""

import pytest
from contracts.store_contract import StoreContract

from snapbook.store.local import LocalStore


class TestHttpStore(StoreContract):
    @pytest.fixture
    def store(self, registry, remote):
        self.registry = registry
        return remote.store

    def again(self, store):
        remote = self.registry.remote()
        return remote.store

    def damage(self, store, digest):
        lying = LocalStore(self.registry.folder / "packs")
        name = lying.holder(bytes.fromhex(digest))
        pack = lying.open_pack(name)
        frame = pack.frames[pack.find(bytes.fromhex(digest)).frame]
        path = lying.lookup.path(name)
        path.chmod(0o600)
        with path.open("r+b") as file:
            file.seek(frame.start + frame.stored // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        lying.close()
