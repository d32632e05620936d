from flask_p2p_streams.ice.credentials import credential, turn_server


def test_what_others_make_of_the_same_secret() -> None:
    # By openssl dgst -sha1 -hmac.
    assert (
        credential("coturn's and the app's", "1700003600:0123456789abcdef")
        == "MsLziqcwcnYbjp3VqDzsOtqc7wQ="
    )


def test_a_server_whose_credentials_end() -> None:
    urls = ["turn:t.example", "turns:t.example:443"]
    server = turn_server(urls, "geheim", "a", 1_700_003_600)
    assert server == {
        "urls": urls,
        "username": "1700003600:a",
        "credential": credential("geheim", "1700003600:a"),
    }
