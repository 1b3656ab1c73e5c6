"""Brings the transcripts that lie in a folder as <youtubeId>.json, as Whisper writes them: python worker.py FOLDER."""

import json, os, sys, time
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

URL, FOLDER = os.environ["VIDWIZ_URL"] + "/graphql", Path(sys.argv[1])
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['ADMIN_TOKEN']}"}
CLAIM = "... on TaskClaimSuccess { leaseToken leaseSeconds task { id video { youtubeId } } }"
UPLOAD = "... on UploadCreateSuccess { upload { id } url headers { name value } }"


def send(request: Request, said: bool = False) -> dict:
    """The answer, or message and errors if it is refused; asked again, which is said once, while the server is busy or away."""
    while True:
        try:
            return json.loads(urlopen(request, timeout=90).read() or "{}")
        except Exception as error:
            if getattr(error, "code", 500) < 500 and error.code not in {408, 429}:
                return {"message": str(error), "errors": [{"message": str(error), "extensions": {"code": error.code}}]}
            said = said or not print(f"Asking again until it works: {error}", file=sys.stderr, flush=True)
            time.sleep(2)


def ask(mutation: str, wanted: str = "", **given: object) -> dict:
    """What became of a mutation; a failure has a message. Ends the program, in any thread, if the server refuses."""
    query = f"""mutation Ask($input: {mutation[0].upper()}{mutation[1:]}Input!) {{
      {mutation}(input: $input) {{ __typename ... on UserError {{ message }} {wanted} }} }}"""
    body = json.dumps({"query": query, "variables": {"input": given}}).encode()
    while "errors" in (answer := send(Request(URL, body, HEADERS))):
        if answer["errors"][0]["extensions"]["code"] != "TIMEOUT":
            print(answer["errors"][0]["message"], file=sys.stderr, flush=True)
            os._exit(1)
        time.sleep(2)
    return answer["data"][mutation]


def work(path: Path, proof: dict) -> None:
    made = {"message": "Nobody has transcribed the video."}
    if path.exists():
        file = {"filename": path.name, "contentType": "application/json", "sizeBytes": path.stat().st_size}
        made = ask("uploadCreate", UPLOAD, purpose="TRANSCRIPT", **file)
    if "upload" in made:
        file = Request(made["url"], path.read_bytes(), {one["name"]: one["value"] for one in made["headers"]}, method="PUT")
        made = send(file) or ask("taskComplete", result={"transcriptUploadId": made["upload"]["id"]}, **proof)
    if "message" in made:
        error = {"code": "BAD_TRANSCRIPT" if path.exists() else "NO_TRANSCRIPT", "message": made["message"][:500]}
        made = ask("taskFail", error=error | {"retryable": False}, **proof)
    print(path.stem, made, flush=True)


while True:
    claim = ask("taskClaim", CLAIM, types=["TRANSCRIPT"], workerId=f"example {os.getpid()}", waitSeconds=30)
    if claim["__typename"] == "TaskClaimSuccess":  # else nothing came in time
        proof = {"id": claim["task"]["id"], "leaseToken": claim["leaseToken"]}
        path = FOLDER / f"{claim['task']['video']['youtubeId']}.json"
        (worker := Thread(target=work, args=(path, proof), daemon=True)).start()
        while worker.join(claim["leaseSeconds"] / 3) or worker.is_alive():
            ask("taskHeartbeat", **proof)
