"""Rows that are made from the truth are marked in the terminal."""


def test_an_oracle_is_marked_and_no_rival(small_world, bench, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    methods = ("--method", "autoencoder", "--method", "3dvar", "--method", "interpolation")
    result = bench("run", *methods, "--cases", 8, "--obs-frac", 0.2, "--out", tmp_path, *small_world.options)
    assert result.exit_code == 0, result.stderr
    tables, pairs = result.stdout.split("Paired differences")
    rows = [line.split() for line in tables.splitlines()]
    named = [row for row in rows if row and row[0] == "autoencoder"]
    # by channel (two of them), headline, cost
    assert len(named) == 4
    assert all(row[1] == "(oracle)" for row in named)
    assert not any("(oracle)" in row for row in rows if row and row[0] in ("3dvar", "interpolation", "background"))
    assert "(oracle): made from the truth; it is no analysis." in tables
    assert "autoencoder" not in pairs
    assert "interpolation" in pairs


def test_without_an_oracle_nothing_is_said_of_one(small_world, bench, tmp_path):
    result = bench("run", "--method", "3dvar", "--cases", 4, "--obs-frac", 0.2, "--out", tmp_path, *small_world.options)
    assert "oracle" not in result.stdout
