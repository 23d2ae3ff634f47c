"""What the local stack does with its folder."""

from scripts.local import stack as local_stack
from scripts.local.stack import LocalStack


def test_a_log_keeps_its_last_part_while_its_process_goes_on_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(local_stack, "LARGEST_LOG", 10)
    stack = LocalStack(tmp_path)
    with open(tmp_path / "web.log", "ab", buffering=0) as process:
        for part in (b"the first part", b"the second part"):
            process.write(part)
            stack.trim_logs()
        process.write(b"the rest")
    assert (tmp_path / "web.log").read_bytes() == b"the rest"
    assert (tmp_path / "web.old.log").read_bytes() == b"the second part"
    assert len(list(tmp_path.glob("*.log"))) == 2
