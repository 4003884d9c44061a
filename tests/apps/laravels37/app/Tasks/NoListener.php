<?php

declare(strict_types=1);

namespace App\Tasks;

/** Named as a listener, but none. */
class NoListener
{
}
