"""The memory store keeps the contract."""

import pytest
from contracts.store_contract import StoreContract

from snapbook.store.memory import MemoryStore


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self):
        return MemoryStore()

    def again(self, store):
        return store

    def damage(self, store, digest):
        data = bytearray(store.blobs[digest])
        data[len(data) // 2] ^= 1
        store.blobs[digest] = bytes(data)
