"""A program as it runs in AWS: an order goes into a queue and into a bucket.  No endpoint_url, no word of an emulator."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError

ORDER = "three apples"


def into_the_queue() -> str:
    """Send an order; what comes out at the other end."""
    queues = boto3.client("sqs")
    queue = queues.create_queue(QueueName="orders")["QueueUrl"]
    queues.send_message(QueueUrl=queue, MessageBody=ORDER)
    return f"{queue}: {queues.receive_message(QueueUrl=queue)['Messages'][0]['Body']}"


def into_the_bucket() -> str:
    """Put an order down; what is found there."""
    files = boto3.client("s3")
    files.create_bucket(Bucket="orders")
    files.put_object(Bucket="orders", Key="first", Body=ORDER.encode())
    return f"s3://orders/first: {files.get_object(Bucket='orders', Key='first')['Body'].read().decode()}"


if __name__ == "__main__":
    for keep in (into_the_queue, into_the_bucket):
        try:
            print(keep())
        except BotoCoreError as error:
            print(error)
