<?php

declare(strict_types=1);

namespace App\Tasks;

/** Its listeners are in config/laravels.php. */
class OtherEvent extends CodeEvent
{
}
