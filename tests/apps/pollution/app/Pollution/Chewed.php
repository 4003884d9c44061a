<?php

declare(strict_types=1);

namespace App\Pollution;

/** Has the static variables of inherited methods for its own. */
final class Chewed extends Gum
{
}
