<?php

declare(strict_types=1);

namespace Rserverd\Server\Timer;

/** A job that runs when a minute begins, whatever its interval says. */
interface OnTheMinute
{
}
