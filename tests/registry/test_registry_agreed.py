"""What was let go to registries is written down whole, by however many at once."""

import threading

from snapbook.registry.agreed import Agreed


def test_threads_that_agree_at_once(tmp_path):
    failed, begin = [], threading.Barrier(8)

    def agree(number):
        try:
            begin.wait()
            for turn in range(20):
                Agreed(tmp_path).add(f"http://{number}-{turn}.example.com", rows=False)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=agree, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    Agreed(tmp_path).add("http://last.example.com", rows=True)
    assert Agreed(tmp_path).covers("http://last.example.com", rows=True)
    assert [path.name for path in tmp_path.iterdir()] == ["agreed.json"]
