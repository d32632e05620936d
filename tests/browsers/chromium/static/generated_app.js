import { Application } from "@hotwired/stimulus"
import ChatRoomController from "chat_room_controller"

Application.start().register("chat-room", ChatRoomController)
